package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/7p-education/api/internal/middleware"
)

// minMemoryRatio is the smallest ratio of RESPONSE_MEMORY_MIB to MAX_RESPONSE_BYTES. A response takes up
// to three times its size, as rows, buffers and copies, and a single caller may hold a fifth of the
// memory.
const minMemoryRatio = 16

// Check returns every mistake in the settings, each with the name of its variable: values that
// cannot be parsed, in the order of the settings, variables that were renamed, and then values
// that contradict each other. No message has the value of a secret.
func (c *Config) Check() error {
	var mistakes []error
	for field := range c.settings() {
		if name := variable(field); c.mistakes[name] != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, c.mistakes[name]))
		}
	}
	mistakes = slices.Concat(mistakes, c.fileMistakes, checkFormerNames())
	mistakes = append(mistakes, c.checkDemo()...)
	if _, err := middleware.NewCORS(middleware.CORSOptions{Origins: c.CORSAllowedOrigins, Credentials: c.CORSCredentials}); err != nil {
		mistakes = append(mistakes, fmt.Errorf("CORS_ALLOWED_ORIGINS: %w", err))
	}
	if c.texts["READ_REPLICA_URL"] != "" && c.texts["DATABASE_URL"] == "" {
		mistakes = append(mistakes, errors.New("READ_REPLICA_URL: needs DATABASE_URL"))
	}
	if c.texts["DIRECT_DATABASE_URL"] != "" && c.texts["DATABASE_URL"] == "" {
		mistakes = append(mistakes, errors.New("DIRECT_DATABASE_URL: needs DATABASE_URL"))
	}
	// A session ends with its last refresh token.
	if c.mistakes["ACCESS_TOKEN_TTL"] == nil && c.mistakes["REFRESH_TOKEN_TTL"] == nil && c.RefreshTokenTTL < c.AccessTokenTTL {
		mistakes = append(mistakes, errors.New("REFRESH_TOKEN_TTL: must not be less than ACCESS_TOKEN_TTL"))
	}
	switch hasBase, hasKey := c.texts["MEDIA_BASE_URL"] != "", c.texts["MEDIA_SIGNING_KEY"] != ""; {
	case hasBase && !hasKey:
		mistakes = append(mistakes, errors.New("MEDIA_BASE_URL: needs MEDIA_SIGNING_KEY"))
	case hasKey && !hasBase:
		mistakes = append(mistakes, errors.New("MEDIA_SIGNING_KEY: needs MEDIA_BASE_URL"))
	}
	if c.ProgressRetentionMonths > 0 && c.ProgressRetentionMonths <= 12 {
		mistakes = append(mistakes, errors.New("PROGRESS_RETENTION_MONTHS: write 13 or more, or 0"))
	}
	if c.AdminToken != "" && c.AdminAddr == "" {
		mistakes = append(mistakes, errors.New("ADMIN_TOKEN: needs ADMIN_ADDR"))
	}
	if c.ResponseMemoryMiB<<20 < minMemoryRatio*c.MaxResponseBytes {
		mistakes = append(mistakes, fmt.Errorf("RESPONSE_MEMORY_MIB: must be at least %d times MAX_RESPONSE_BYTES", minMemoryRatio))
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		mistakes = append(mistakes, errors.New("TLS_CERT_FILE: needs TLS_KEY_FILE, and TLS_KEY_FILE needs it"))
	}
	return errors.Join(slices.Concat(mistakes, c.checkProvider(), c.checkMail(), c.checkCDN(), c.checkRedisTLS())...)
}

// checkMail returns the settings that SMTP_URL lacks.
func (c *Config) checkMail() (mistakes []error) {
	if c.SMTPURL == "" {
		return nil
	}
	if c.MailFrom == "" {
		mistakes = append(mistakes, errors.New("SMTP_URL: needs MAIL_FROM, the sender of mails"))
	}
	if c.texts["FRONT_END_URL"] == "" {
		mistakes = append(mistakes, errors.New("SMTP_URL: needs FRONT_END_URL, to which the links in mails lead"))
	}
	return mistakes
}

// checkCDN returns the settings that a CDN lacks.
func (c *Config) checkCDN() (mistakes []error) {
	needs := func(missing bool, name, problem string) {
		if missing {
			mistakes = append(mistakes, fmt.Errorf("%s: %s", name, problem))
		}
	}
	switch c.CDN {
	case "": // the name is unknown
		return nil
	case "none":
		needs(len(c.CDNURL) > 0 || c.CDNID != "" || c.CDNToken != "", "CDN", "needed by CDN_URL, CDN_ID and CDN_TOKEN")
	case "varnish":
		needs(len(c.CDNURL) == 0, "CDN_URL", "needed by CDN=varnish: the URLs of its nodes")
	default:
		needs(c.CDNID == "", "CDN_ID", "needed by CDN="+c.CDN)
		needs(c.CDNToken == "" && c.CDN != "cloudfront", "CDN_TOKEN", "needed by CDN="+c.CDN)
		needs(len(c.CDNURL) > 1, "CDN_URL", "one URL only with CDN="+c.CDN)
	}
	needs(c.CDN != "none" && c.ResponseCache == "off", "CDN", "needs RESPONSE_CACHE=on: only cached responses are stored")
	return mistakes
}

// checkRedisTLS returns the mistakes in the files of TLS connections to Redis.
func (c *Config) checkRedisTLS() (mistakes []error) {
	if (c.RedisTLSCertFile == "") != (c.RedisTLSKeyFile == "") {
		mistakes = append(mistakes, errors.New("REDIS_TLS_CERT_FILE: needs REDIS_TLS_KEY_FILE, and the other way round"))
	}
	hasFiles := c.RedisTLSCAFile+c.RedisTLSCertFile+c.RedisTLSKeyFile != ""
	if hasFiles && !strings.HasPrefix(c.RedisURL, "rediss") && !strings.HasPrefix(c.RedisLimitsURL, "rediss") {
		mistakes = append(mistakes, errors.New("REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE: need a REDIS_URL or a REDIS_LIMITS_URL that begins with rediss"))
	}
	return mistakes
}

// productionSettings are settings that a demo does not have: a server with one of them and without
// DATABASE_URL is probably one of production.
var productionSettings = []string{"JWT_SECRET", "JWT_KEYS", "JWKS_URL", "TRUSTED_PROXIES", "TRUSTED_CALLER_KEY", "METRICS_TOKEN", "DOCUMENTS_TOKEN"}

// checkDemo returns a mistake if a server for production would become a demo, whose passwords are
// public.
func (c *Config) checkDemo() []error {
	if c.texts["DATABASE_URL"] != "" {
		if c.Demo {
			return []error{errors.New("DEMO: not together with DATABASE_URL: remove one of them")}
		}
		return nil
	}
	misspellings := FindMisspellings(os.Environ())
	signs := c.findProduction(misspellings)
	if c.Demo || len(signs) == 0 {
		return nil
	}
	problem := "DATABASE_URL: not set, although the environment has settings of production: " + strings.Join(signs, ", ")
	for _, m := range misspellings {
		if strings.TrimSuffix(m.Setting, fileSuffix) == "DATABASE_URL" {
			problem += "; is " + m.Variable + " meant to be " + m.Setting + "?"
		}
	}
	return []error{errors.New(problem + "; set it, or DEMO=true for demo data and accounts with public passwords")}
}

// findProduction returns the variables that a demo does not have: settings of production, even without a
// value, since a deployment may have failed to fill them in, and variables whose names resemble theirs.
func (c *Config) findProduction(misspellings []Misspelling) (found []string) {
	for _, name := range append([]string{"DATABASE_URL"}, productionSettings...) {
		switch _, present := os.LookupEnv(name); {
		case c.texts[name] != "":
			found = append(found, name)
		case present:
			found = append(found, name+" (empty)")
		}
		for _, m := range misspellings {
			if _, isOther := otherNames[strings.ToUpper(m.Variable)]; strings.TrimSuffix(m.Setting, fileSuffix) == name && !isOther {
				found = append(found, m.Variable)
			}
		}
	}
	return found
}

// checkProvider returns the mistakes in the settings of an outside identity provider.
func (c *Config) checkProvider() (mistakes []error) {
	if c.texts["JWKS_URL"] == "" {
		if c.JWKSIssuer != "" || c.JWKSAudience != "" {
			mistakes = append(mistakes, errors.New("JWKS_URL: needed by JWKS_ISSUER and JWKS_AUDIENCE"))
		}
		return mistakes
	}
	if c.JWKSIssuer == "" || c.JWKSAudience == "" {
		mistakes = append(mistakes, errors.New("JWKS_URL: needs JWKS_ISSUER and JWKS_AUDIENCE, which the provider's tokens must have"))
	}
	if c.JWKSMatchBy == "id" && c.JWKSClaim == "email" {
		mistakes = append(mistakes, errors.New("JWKS_CLAIM: JWKS_MATCH_BY=id needs the claim that has the id"))
	}
	return mistakes
}
