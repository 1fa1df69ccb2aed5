// Package config has the settings of the server. It parses flags and environment variables into
// typed values and collects every mistake in them.
package config

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/7p-education/api/internal/ratelimit"
)

// Config has the settings of a server. Each is a flag and an environment variable.
type Config struct {
	ServerSettings    `group:"Server"`
	FrontEndSettings  `group:"Front end"`
	AdminSettings     `group:"Operators"`
	TraceSettings     `group:"Traces"`
	DatabaseSettings  `group:"PostgreSQL and Redis"`
	MediaSettings     `group:"Files"`
	TokenSettings     `group:"Access tokens and sessions"`
	MailSettings      `group:"Mails"`
	CDNSettings       `group:"CDN"`
	OperationSettings `group:"GraphQL operations"`
	LimitSettings     `group:"Limits of a request"`
	RateLimitSettings `group:"Rate limits"`
	CacheSettings     `group:"Response cache"`

	texts    map[string]string // the value of each variable as it was written
	mistakes map[string]error  // of values that cannot be parsed, by variable
	// fileMistakes are those of variables that name the file of a secret.
	fileMistakes []error
}

// Parse parses flags and the environment into a grammar of Kong that embeds c, and returns the
// chosen command. Mistakes in settings are not among its errors: Check returns them. Parse ends
// the program for --help.
func Parse(grammar any, c *Config, args []string, options ...kong.Option) (*kong.Context, error) {
	c.texts, c.mistakes, c.fileMistakes = map[string]string{}, map[string]error{}, nil
	parser, err := kong.New(grammar, append(options, kong.PostBuild(c.collectMistakes), kong.Resolvers(kong.ResolverFunc(c.resolveSecretFile)))...)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return nil, fmt.Errorf("%w (see 7p --help)", err)
	}
	c.setDatabaseDefaults()
	return chosen, nil
}

// setDatabaseDefaults sets RATE_LIMIT, ADDR and the settings of mails if they are empty: a server on the private
// PostgreSQL has no rate limit, serves this machine only (docs/decisions/0015 and 0032), and writes mails into
// files.
func (c *Config) setDatabaseDefaults() {
	rate, addr := "off", "127.0.0.1:8080"
	if c.texts["DATABASE_URL"] != "" {
		rate, addr = "100/15m", ":8080"
	}
	if c.texts["RATE_LIMIT"] == "" {
		c.RateLimit, c.mistakes["RATE_LIMIT"] = ratelimit.ParsePolicy(rate)
		c.texts["RATE_LIMIT"] = rate
	}
	if c.texts["DATABASE_URL"] == "" && c.SMTPURL == "" {
		c.MailFrom = cmp.Or(c.MailFrom, "7P Education <no-reply@7p.example>")
	}
	if c.Addr == "" {
		c.Addr, c.texts["ADDR"] = addr, addr
	}
}

// formerNames are variables that are no longer read, with their new names.
var formerNames = [][2]string{
	{"CACHE", "RESPONSE_CACHE"},
	{"CACHE_MEMORY", "RESPONSE_CACHE_MAX_MIB"},
	{"CACHE_WARM", "RESPONSE_CACHE_WARM_FILES"},
	{"MAX_BODY", "MAX_BODY_BYTES"},
	{"MAX_BULK_BODY", "MAX_BULK_BODY_BYTES"},
	{"DATABASE_POOL", "DATABASE_MAX_CONNS"},
	{"PARTIAL_STATUS", "PARTIAL_RESPONSE_STATUS"},
	{"RATE_LIMIT_SESSIONS", "RATE_LIMIT_SIGN_IN"},
	{"JWKS_MATCH", "JWKS_MATCH_BY"},
}

// checkFormerNames returns a mistake for each variable that is set under a former name.
func checkFormerNames() (mistakes []error) {
	for _, name := range formerNames {
		if os.Getenv(name[0]) != "" {
			mistakes = append(mistakes, fmt.Errorf("%s: no longer read: set %s", name[0], name[1]))
		}
	}
	return mistakes
}

// settings yields the fields of all settings with their values.
func (c *Config) settings() iter.Seq2[reflect.StructField, reflect.Value] {
	return func(yield func(reflect.StructField, reflect.Value) bool) {
		v := reflect.ValueOf(c).Elem()
		for _, field := range reflect.VisibleFields(v.Type()) {
			if field.Tag.Get("env") != "" && !yield(field, v.FieldByIndex(field.Index)) {
				return
			}
		}
	}
}

// variable returns the name of a setting's variable, without former names.
func variable(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	return name
}
