package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/config"
)

// The environment is the process's own: these tests cannot run beside others.

// parseSettings parses flags and the environment, without commands.
func parseSettings(flags ...string) (*config.Config, error) {
	var grammar struct {
		Settings config.Config `embed:""`
	}
	_, err := config.Parse(&grammar, &grammar.Settings, flags)
	return &grammar.Settings, err
}

func TestParse(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u:hush@db/7p")
	t.Setenv("STATEMENT_TIMEOUT", "2s")
	t.Setenv("CORS_ALLOWED_ORIGINS", "https://a.example,https://b.example")
	c, err := parseSettings("--statement-timeout=3s")
	if err != nil || c.DatabaseURL != "postgres://u:hush@db/7p" || len(c.CORSAllowedOrigins) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if c.StatementTimeout != 3*time.Second {
		t.Errorf("a flag does not override the environment: %v", c.StatementTimeout)
	}
	if c.AccessTokenTTL != 15*time.Minute || c.RefreshTokenTTL != 30*24*time.Hour {
		t.Errorf("tokens are valid for %v and %v", c.AccessTokenTTL, c.RefreshTokenTTL)
	}
	if c.Addr != ":8080" || c.LogLevel != "info" || !c.Introspection {
		t.Errorf("defaults: %+v", c)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"a database of another kind":   {"DATABASE_URL": "mysql://u:hush@db/7p"},
		"a replica of another kind":    {"DATABASE_URL": "postgres://db/7p", "READ_REPLICA_URL": "redis://u:hush@db"},
		"a replica without a database": {"READ_REPLICA_URL": "postgres://u:hush@db/7p"},
		"tokens of no length":          {"ACCESS_TOKEN_TTL": "0s"},
		"sessions too short":           {"ACCESS_TOKEN_TTL": "15m", "REFRESH_TOKEN_TTL": "10m"},
		"a provider of no issuer":      {"JWKS_URL": "https://u:hush@id.example/keys", "JWKS_AUDIENCE": "edu"},
		"a provider of no audience":    {"JWKS_URL": "https://u:hush@id.example/keys", "JWKS_ISSUER": "https://id.example"},
		"a provider of no address":     {"JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu"},
		"keys in the clear":            {"JWKS_URL": "http://u:hush@id.example/keys", "JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu"},
		"keys from nowhere":            {"JWKS_URL": "https:///hush", "JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu"},
		"ids in emails":                {"JWKS_URL": "https://id.example/keys", "JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu", "JWKS_MATCH": "id"},
		"another match":                {"JWKS_MATCH": "name"},
		"a token that can be guessed":  {"METRICS_TOKEN": "hush"},
		"batches below none":           {"MAX_BATCH": "-1"},
		"batches too large":            {"MAX_BATCH": "11"},
		"no room for answers":          {"CACHE_MEMORY": "0"},
		"no cost at all":               {"MAX_COST": "0"},
		"bodies below none":            {"MAX_BODY": "-1"},
		"aliases below none":           {"MAX_ALIASES": "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, v := range env {
				t.Setenv(key, v)
			}
			if _, err := parseSettings(); err == nil || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v, want an error without the password", err)
			}
		})
	}
}

// A server that others reach has limits of rates unless it is told to have none.
func TestRateLimitByDefault(t *testing.T) {
	for _, tt := range []struct{ database, set, want string }{
		{"", "", "off"},
		{"", "7/1m", "7/1m"},
		{"postgres://db/7p", "", "100/15m"},
		{"postgres://db/7p", "off", "off"},
	} {
		t.Setenv("DATABASE_URL", tt.database)
		t.Setenv("RATE_LIMIT", tt.set)
		c, err := parseSettings()
		if err != nil || c.RateLimit != tt.want || !strings.Contains(c.String(), "RATE_LIMIT="+tt.want+"\n") {
			t.Errorf("with DATABASE_URL=%q and RATE_LIMIT=%q: %q, %v; want %s", tt.database, tt.set, c.RateLimit, err, tt.want)
		}
	}
}

func TestProvider(t *testing.T) {
	t.Setenv("JWKS_ISSUER", "https://id.example")
	t.Setenv("JWKS_AUDIENCE", "edu")
	for _, address := range []string{"https://id.example/keys", "http://127.0.0.1:8081/keys", "http://[::1]/keys", "http://localhost/keys"} {
		t.Setenv("JWKS_URL", address)
		c, err := parseSettings()
		if err != nil || c.JWKSClaim != "email" || c.JWKSMatch != "email" {
			t.Errorf("%s: %v, %+v", address, err, c)
		}
	}
}

// Whatever form a secret has, the listing does not show it.
func TestStringHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []config.Config{
		{DatabaseURL: "postgres://u:hush@db/7p", ReadReplicaURL: "postgresql://u:hush@db/7p", RedisURL: "redis://:hush@cache:6379/0", JWTSecret: "hush"},
		{DatabaseURL: "host=db user=u password=hush", ReadReplicaURL: "host=db password='hush'", RedisURL: "hush"},
		{DatabaseURL: "postgres://db/7p?user=u&password=hush", RedisURL: "rediss://u:hush@cache"},
		{DatabaseURL: "postgres://db/7p?sslpassword=hush", JWTKeys: "hush", MetricsToken: "hush", JWKSURL: "https://u:hush@id.example/keys"},
	} {
		if shown := c.String(); strings.Contains(shown, "hush") {
			t.Errorf("the secret is shown:\n%s", shown)
		}
	}
	shown := (&config.Config{DatabaseURL: "postgres://u:hush@db.example/7p", Addr: ":1", CORSAllowedOrigins: []string{"a", "b"}}).String()
	for _, want := range []string{"DATABASE_URL=postgres://u:xxxxx@db.example/7p\n", "ADDR=:1\n", "CORS_ALLOWED_ORIGINS=a,b\n", "REDIS_URL=\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in\n%s", want, shown)
		}
	}
}
