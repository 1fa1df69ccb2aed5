package config_test

import (
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/config"
)

// The environment belongs to the process, so these tests do not run in parallel.

// parseSettings parses flags and the environment, without commands.
func parseSettings(t *testing.T, flags ...string) *config.Config {
	t.Helper()
	var grammar struct {
		Settings config.Config `embed:""`
	}
	if _, err := config.Parse(&grammar, &grammar.Settings, flags); err != nil {
		t.Fatal(err)
	}
	return &grammar.Settings
}

// setEnvironment sets variables and unsets those of all other settings until the test ends, so that
// the result does not depend on the developer's environment.
func setEnvironment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range variables() {
		t.Setenv(name, "") // restores the value when the test ends
		os.Unsetenv(name)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// variables returns the names of every setting's variable, former names included.
func variables() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if tag := field.Tag.Get("env"); tag != "" {
			names = append(names, strings.Split(tag, ",")...)
			if field.Tag.Get("secret") != "" {
				names = append(names, strings.Split(tag, ",")[0]+"_FILE")
			}
		}
	}
	for _, name := range config.FormerNames {
		names = append(names, name[0])
	}
	return names
}

// mistakes returns the lines of the error of Check.
func mistakes(c *config.Config) []string {
	err := c.Check()
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestParse(t *testing.T) {
	setEnvironment(t, map[string]string{
		"DATABASE_URL": "postgres://u:hush@db/7p", "STATEMENT_TIMEOUT": "2s", "CORS_ALLOWED_ORIGINS": "https://a.example,https://b.example",
		"LOG_LEVEL": "warn", "RATE_LIMIT_SIGN_IN": "off", "INTROSPECTION": "no", "TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1",
	})
	c := parseSettings(t, "--statement-timeout=3s", "--max-batch=10")
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.DatabaseURL != "postgres://u:hush@db/7p" || len(c.CORSAllowedOrigins) != 2 || c.LogLevel != slog.LevelWarn || c.Introspection ||
		!c.RateLimitSignIn.Disabled() || len(c.TrustedProxies) != 2 || c.MaxBatch != 10 {
		t.Errorf("%+v", c)
	}
	if c.StatementTimeout != 3*time.Second {
		t.Errorf("a flag does not override the environment: %v", c.StatementTimeout)
	}
	if c.AccessTokenTTL != 15*time.Minute || c.RefreshTokenTTL != 30*24*time.Hour {
		t.Errorf("tokens are valid for %v and %v", c.AccessTokenTTL, c.RefreshTokenTTL)
	}
	if c.Addr != ":8080" || c.RateLimitPremium.Limit != 1000 || c.RateLimitSlowdown.After != 50 || c.MaxCost != 50000 {
		t.Errorf("defaults: %+v", c)
	}
}

func TestFlags(t *testing.T) {
	setEnvironment(t, map[string]string{"DEMO": "true"})
	c := parseSettings(t, "--cors-credentials", "--no-introspection", "--trusted-proxies=10.0.0.0/8", "--trusted-proxies=192.0.2.1",
		"--cors-allowed-origins=https://a.example", "--cors-allowed-origins=https://b.example", "--addr=:1", "--addr=:2")
	if err := c.Check(); err != nil || !c.CORSCredentials || c.Introspection || len(c.TrustedProxies) != 2 || len(c.CORSAllowedOrigins) != 2 || c.Addr != ":2" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, want := range []string{
		"CORS_CREDENTIALS=true\n", "INTROSPECTION=false\n", "TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1\n", "CORS_ALLOWED_ORIGINS=https://a.example,https://b.example\n", "ADDR=:2\n",
	} {
		if !strings.Contains(c.String(), want) {
			t.Errorf("no %s in\n%s", want, c)
		}
	}
}

// Check rejects each of these, names the variable first, and never repeats a secret.
func TestCheckRejects(t *testing.T) {
	provider := map[string]string{"DATABASE_URL": "postgres://db/7p", "JWKS_URL": "https://id.example/keys", "JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu"}
	withProvider := func(name, value string) map[string]string {
		env := map[string]string{name: value}
		for k, v := range provider {
			if k != name {
				env[k] = v
			}
		}
		return env
	}
	checkRejects(t, map[string]map[string]string{
		"ACCESS_TOKEN_TTL: must be at least 1s":                      {"ACCESS_TOKEN_TTL": "0s"},
		"REFRESH_TOKEN_TTL: must not be less":                        {"ACCESS_TOKEN_TTL": "15m", "REFRESH_TOKEN_TTL": "10m"},
		"JWKS_URL: needs JWKS_ISSUER and JWKS_AUDIENCE":              withProvider("JWKS_ISSUER", ""),
		"JWKS_URL: needs JWKS_ISSUER and JWKS_AUDIENCE, which":       withProvider("JWKS_AUDIENCE", ""),
		"JWKS_URL: needed by JWKS_ISSUER":                            withProvider("JWKS_URL", ""),
		"JWKS_URL: not an address of a key set":                      withProvider("JWKS_URL", "http://u:hush@id.example/keys"),
		"JWKS_URL: not an address of a key set: write https":         withProvider("JWKS_URL", "https:///hush"),
		"JWKS_CLAIM: JWKS_MATCH_BY=id needs the claim":               withProvider("JWKS_MATCH_BY", "id"),
		"JWKS_MATCH_BY: must be one of email, id":                    {"JWKS_MATCH_BY": "name"},
		"METRICS_TOKEN: needs at least 16 characters, and has 4":     {"DEMO": "true", "METRICS_TOKEN": "hush"},
		"DOCUMENTS_TOKEN: needs at least 16 characters, and has 4":   {"DEMO": "true", "DOCUMENTS_TOKEN": "hush"},
		"MAX_BATCH: must be from 0 to 10":                            {"MAX_BATCH": "-1"},
		"MAX_BATCH: must be from 0 to":                               {"MAX_BATCH": "11"},
		"RESPONSE_CACHE_MAX_MIB: must be at least 1":                 {"RESPONSE_CACHE_MAX_MIB": "0"},
		"MAX_COST: must be at least 1":                               {"MAX_COST": "0"},
		"MAX_BODY_BYTES: must be at least 1":                         {"MAX_BODY_BYTES": "-1"},
		"MAX_ALIASES: must be at least 0":                            {"MAX_ALIASES": "-1"},
		"SHUTDOWN_DELAY: must be at least 0s":                        {"SHUTDOWN_DELAY": "-1s"},
		"OPERATION_TIMEOUT: not a duration: \"soon\"; write":         {"OPERATION_TIMEOUT": "soon"},
		"OPERATION_TIMEOUT: no unit: \"10\"; write 10s":              {"OPERATION_TIMEOUT": "10"},
		"MAX_DEPTH: not a number: \"deep\"":                          {"MAX_DEPTH": "deep"},
		"CORS_CREDENTIALS: ":                                         {"CORS_CREDENTIALS": "maybe"},
		"CORS_ALLOWED_ORIGINS: ":                                     {"CORS_ALLOWED_ORIGINS": "*", "CORS_CREDENTIALS": "true"},
		"DEMO: not together with DATABASE_URL":                       {"DATABASE_URL": "postgres://db/7p", "DEMO": "true"},
		"SIGN_UP: must be one of on, off":                            {"SIGN_UP": "false"},
		"RATE_LIMIT_EMAIL: rate limit \"10\"":                        {"RATE_LIMIT_EMAIL": "10"},
		"TRUSTED_PROXIES: ":                                          {"DEMO": "true", "TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"},
		"LOG_LEVEL: must be one of debug, info, warn, error":         {"LOG_LEVEL": "INFO+2"},
		"PERSISTED_QUERIES: must be one of apq, log, safelist":       {"PERSISTED_QUERIES": "on"},
		"RESPONSE_CACHE: must be one of on, off":                     {"RESPONSE_CACHE": "true"},
		"PARTIAL_RESPONSE_STATUS: must be one of 200, 294":           {"PARTIAL_RESPONSE_STATUS": "207"},
		"RATE_LIMIT: rate limit \"100\"":                             {"RATE_LIMIT": "100"},
		"RATE_LIMIT_COST: rate limit \"x/1m\"":                       {"RATE_LIMIT_COST": "x/1m"},
		"RATE_LIMIT_SLOWDOWN: slow-down \"50\"":                      {"RATE_LIMIT_SLOWDOWN": "50"},
		"DATABASE_POOL: no longer read: set DATABASE_MAX_CONNS":      {"DATABASE_POOL": "4"},
		"CACHE: no longer read: set RESPONSE_CACHE":                  {"CACHE": "off"},
		"SMTP_URL: not an address of an SMTP server: write smtp":     {"SMTP_URL": "http://u:hush@mail", "MAIL_FROM": "a@b.example", "FRONT_END_URL": "https://app.example"},
		"SMTP_URL: the port must be from 1 to 65535":                 {"SMTP_URL": "smtp://u:hush@mail:70000", "MAIL_FROM": "a@b.example", "FRONT_END_URL": "https://app.example"},
		"SMTP_URL: needs MAIL_FROM, the sender of mails":             {"SMTP_URL": "smtp://u:hush@mail", "FRONT_END_URL": "https://app.example"},
		"SMTP_URL: needs FRONT_END_URL, to which the links":          {"SMTP_URL": "smtp://u:hush@mail", "MAIL_FROM": "7P <a@b.example>"},
		"MAIL_FROM: not a sender: write Name <address@host>":         {"MAIL_FROM": "7P"},
		"FRONT_END_URL: not a base URL: write https://host":          {"FRONT_END_URL": "https://u:hush@app.example"},
		"RATE_LIMIT_MAIL: rate limit \"5\"":                          {"RATE_LIMIT_MAIL": "5"},
		"JWKS_MATCH: no longer read: set JWKS_MATCH_BY":              {"JWKS_MATCH": "email"},
		"RATE_LIMIT_SESSIONS: no longer read: set RATE_LIMIT_SIG":    {"RATE_LIMIT_SESSIONS": "off"},
		"MEDIA_BASE_URL: needs MEDIA_SIGNING_KEY":                    {"MEDIA_BASE_URL": "https://media.example"},
		"MEDIA_SIGNING_KEY: needs MEDIA_BASE_URL":                    {"MEDIA_SIGNING_KEY": strings.Repeat("hush", 8)},
		"MEDIA_SIGNING_KEY: needs at least 32 characters, and has 4": {"MEDIA_BASE_URL": "https://media.example", "MEDIA_SIGNING_KEY": "hush"},
		"MEDIA_BASE_URL: not a base URL: write https://host":         {"MEDIA_BASE_URL": "https://media.example/?token=hush", "MEDIA_SIGNING_KEY": strings.Repeat("hush", 8)},
		"MEDIA_URL_TTL: must be from 1m to 168h":                     {"MEDIA_URL_TTL": "1s"},
		"PUBLIC_URL: not a base URL: write https://host":             {"PUBLIC_URL": "ftp://u:hush@api.example"},
	})
}

// checkRejects checks that Check returns one mistake for each environment, which begins with the key of the map.
func checkRejects(t *testing.T, environments map[string]map[string]string) {
	t.Helper()
	for want, env := range environments {
		t.Run(want, func(t *testing.T) {
			setEnvironment(t, env)
			got := mistakes(parseSettings(t))
			if len(got) != 1 || !strings.HasPrefix(got[0], want) || strings.Contains(got[0], "hush") {
				t.Errorf("%q", got)
			}
		})
	}
}

// Check rejects these settings of PostgreSQL and Redis.
func TestCheckRejectsStores(t *testing.T) {
	checkRejects(t, map[string]map[string]string{
		"DATABASE_URL: not a PostgreSQL address":           {"DATABASE_URL": "mysql://u:hush@db/7p"},
		"READ_REPLICA_URL: not a PostgreSQL address":       {"DATABASE_URL": "postgres://db/7p", "READ_REPLICA_URL": "redis://u:hush@db"},
		"READ_REPLICA_URL: needs DATABASE_URL":             {"READ_REPLICA_URL": "postgres://u:hush@db/7p"},
		"DIRECT_DATABASE_URL: needs DATABASE_URL":          {"DIRECT_DATABASE_URL": "postgres://u:hush@db/7p"},
		"DATABASE_POOLER":                                  {"DATABASE_POOLER": "session"},
		"REDIS_TLS_CERT_FILE: needs REDIS_TLS_KEY_FILE":    {"REDIS_URL": "rediss://cache", "REDIS_TLS_CERT_FILE": "client.crt"},
		"REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE: need":     {"REDIS_URL": "redis://cache", "REDIS_TLS_CA_FILE": "ca.pem"},
		"REDIS_PREFIX: not a prefix: use letters, digits":  {"REDIS_PREFIX": "{7p}:"},
		"REDIS_PREFIX: at most 32 characters, and has 33":  {"REDIS_PREFIX": strings.Repeat("7", 33)},
		"DATABASE_MAX_CONNS: must be at least 0":           {"DATABASE_MAX_CONNS": "-1"},
		"DATABASE_MAX_CONNS: out of range: \"3000000000\"": {"DATABASE_MAX_CONNS": "3000000000"},
	})
}

// Check returns every mistake at once, in the order of the settings.
func TestCheckReturnsEveryMistake(t *testing.T) {
	setEnvironment(t, map[string]string{
		"MAX_COST": "0", "LOG_LEVEL": "loud", "DATABASE_URL": "mysql://u:hush@db/7p", "INTROSPECTION": "maybe", "RATE_LIMIT": "100",
		"ACCESS_TOKEN_TTL": "soon", "METRICS_TOKEN": "hush", "JWKS_URL": "hush", "MAX_BATCH": "11", "CACHE": "off", "CORS_ALLOWED_ORIGINS": "nonsense",
	})
	var got []string
	for _, mistake := range mistakes(parseSettings(t)) {
		name, _, _ := strings.Cut(mistake, ": ")
		got = append(got, name)
		if strings.Contains(mistake, "hush") {
			t.Errorf("a secret is shown: %s", mistake)
		}
	}
	want := []string{
		"METRICS_TOKEN", "LOG_LEVEL", "DATABASE_URL", "ACCESS_TOKEN_TTL", "JWKS_URL", "INTROSPECTION", "MAX_COST", "MAX_BATCH", "RATE_LIMIT",
		"CACHE", "CORS_ALLOWED_ORIGINS", "JWKS_URL",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

// Check rejects every former name and returns the new one.
func TestFormerNames(t *testing.T) {
	setEnvironment(t, nil)
	for _, name := range config.FormerNames {
		t.Setenv(name[0], "1")
		if got := mistakes(parseSettings(t)); len(got) != 1 || got[0] != name[0]+": no longer read: set "+name[1] {
			t.Errorf("with %s: %q", name[0], got)
		}
		t.Setenv(name[0], "") // as good as unset
	}
}

// A mistake in the environment does not matter if a flag overrides it.
func TestFlagOverridesMistake(t *testing.T) {
	setEnvironment(t, map[string]string{"MAX_COST": "0", "INTROSPECTION": "maybe", "LOG_LEVEL": "loud"})
	c := parseSettings(t, "--max-cost=7", "--no-introspection", "--log-level=debug")
	if err := c.Check(); err != nil || c.MaxCost != 7 || c.Introspection || c.LogLevel != slog.LevelDebug || !strings.Contains(c.String(), "MAX_COST=7\n") {
		t.Errorf("%v\n%s", err, c)
	}
	if got := mistakes(parseSettings(t, "--max-cost=0", "--introspection", "--log-level=warn")); len(got) != 1 || !strings.HasPrefix(got[0], "MAX_COST: ") {
		t.Errorf("%q, want the mistake of the flag", got)
	}
}

// The settings of the private PostgreSQL are read by their former names too.
func TestFormerNamesOfPrivatePostgres(t *testing.T) {
	setEnvironment(t, map[string]string{"EMBEDDED_DIR": "/a", "EMBEDDED_FETCH": "false"})
	c := parseSettings(t)
	if err := c.Check(); err != nil || c.EmbeddedPostgresDir != "/a" || c.EmbeddedPostgresFetch || !strings.Contains(c.String(), "\nEMBEDDED_POSTGRES_DIR=/a\n") {
		t.Errorf("%v\n%s", err, c)
	}
	t.Setenv("EMBEDDED_POSTGRES_DIR", "/b")
	if c := parseSettings(t); c.EmbeddedPostgresDir != "/b" {
		t.Errorf("the directory is %s, want that of the new name", c.EmbeddedPostgresDir)
	}
	if c := parseSettings(t, "--embedded-dir=/c", "--embedded-fetch"); c.EmbeddedPostgresDir != "/c" || !c.EmbeddedPostgresFetch {
		t.Errorf("by the former flags: %s, %v", c.EmbeddedPostgresDir, c.EmbeddedPostgresFetch)
	}
}

// A server with a DATABASE_URL has rate limits unless they are off.
func TestDefaultRateLimit(t *testing.T) {
	setEnvironment(t, nil)
	for _, tt := range []struct{ database, set, want string }{
		{"", "", "off"},
		{"", "7/1m", "7/1m"},
		{"postgres://db/7p", "", "100/15m"},
		{"postgres://db/7p", "off", "off"},
	} {
		setEnvironment(t, map[string]string{"RATE_LIMIT": tt.set})
		if tt.database != "" {
			t.Setenv("DATABASE_URL", tt.database)
		}
		c := parseSettings(t)
		if err := c.Check(); err != nil || c.RateLimit.Disabled() != (tt.want == "off") || !strings.Contains(c.String(), "RATE_LIMIT="+tt.want+"\n") {
			t.Errorf("with DATABASE_URL=%q and RATE_LIMIT=%q: %+v, %v; want %s", tt.database, tt.set, c.RateLimit, err, tt.want)
		}
	}
}

func TestProvider(t *testing.T) {
	setEnvironment(t, map[string]string{"DATABASE_URL": "postgres://db/7p"})
	t.Setenv("JWKS_ISSUER", "https://id.example")
	t.Setenv("JWKS_AUDIENCE", "edu")
	for _, address := range []string{"https://id.example/keys", "http://127.0.0.1:8081/keys", "http://[::1]/keys", "http://localhost/keys"} {
		t.Setenv("JWKS_URL", address)
		c := parseSettings(t)
		if err := c.Check(); err != nil || c.JWKSClaim != "email" || c.JWKSMatchBy != "email" {
			t.Errorf("%s: %v, %+v", address, err, c)
		}
	}
}

// The listing shows no secret, in any form that a secret can have.
func TestStringHidesSecrets(t *testing.T) {
	for _, env := range []map[string]string{
		{"DATABASE_URL": "postgres://u:hush@db/7p", "READ_REPLICA_URL": "postgresql://u:hush@db/7p", "REDIS_URL": "redis://:hush@cache:6379/0", "JWT_SECRET": "hush"},
		{"DATABASE_URL": "host=db user=u password=hush", "READ_REPLICA_URL": "host=db password='hush'", "REDIS_URL": "hush"},
		{"DATABASE_URL": "postgres://db/7p?user=u&password=hush", "REDIS_URL": "rediss://u:hush@cache"},
		{"REDIS_URL": "redis+sentinel://u:hush@one/main?sentinel_password=hush", "REDIS_LIMITS_URL": "redis+sentinel://u:hush@one:1,two:2/main?sentinel_password=hush"},
		{"DATABASE_URL": "postgres://db/7p", "READ_REPLICA_URL": "postgres://u:hush@a/7p, postgres://u:hush@b/7p\tpostgresql://c/7p?password=hush"},
		{"DATABASE_URL": "postgres://db/7p?sslpassword=hush", "JWT_KEYS": "hush", "METRICS_TOKEN": "hush", "DOCUMENTS_TOKEN": "hush", "JWKS_URL": "https://u:hush@id.example/keys"},
	} {
		setEnvironment(t, env)
		if shown := parseSettings(t).String(); strings.Contains(shown, "hush") {
			t.Errorf("the secret is shown:\n%s", shown)
		}
	}
	setEnvironment(t, map[string]string{"DATABASE_URL": "postgres://u:hush@db.example/7p", "ADDR": ":1", "CORS_ALLOWED_ORIGINS": "a,b"})
	shown := parseSettings(t).String()
	for _, want := range []string{"DATABASE_URL=postgres://u:xxxxx@db.example/7p\n", "ADDR=:1\n", "CORS_ALLOWED_ORIGINS=a,b\n", "REDIS_URL=\n", "CORS_CREDENTIALS=false\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in\n%s", want, shown)
		}
	}
}

// No value of a secret is in a mistake or in the listing, however wrong it is.
func TestSecretsAreNeverShown(t *testing.T) {
	setEnvironment(t, nil)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if field.Tag.Get("secret") == "" {
			continue
		}
		for _, value := range []string{"hush", "://hush", "postgres://u:hush@", "https://u:hush@%zz"} {
			t.Setenv(name, value)
			c := parseSettings(t)
			if shown := c.String() + strings.Join(mistakes(c), "\n"); strings.Contains(shown, "hush") {
				t.Errorf("%s=%q is shown:\n%s", name, value, shown)
			}
		}
	}
}
