package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/config"
)

// A server without DATABASE_URL, which is a demo, has no setting of production unless DEMO=true.
func TestDemo(t *testing.T) {
	production := map[string]string{
		"JWT_SECRET": strings.Repeat("hush", 8), "JWT_KEYS": "hush.pem", "JWKS_URL": "https://u:hush@id.example/keys", "TRUSTED_PROXIES": "10.0.0.0/8", "TRUSTED_CALLER_KEY": strings.Repeat("hush", 4), "METRICS_TOKEN": strings.Repeat("hush", 4), "DOCUMENTS_TOKEN": strings.Repeat("hush", 4),
	}
	for name, value := range production {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, map[string]string{name: value, "JWKS_ISSUER": "https://id.example", "JWKS_AUDIENCE": "edu", "REDIS_URL": "redis://cache"})
			if name != "JWKS_URL" {
				t.Setenv("JWKS_ISSUER", "")
				t.Setenv("JWKS_AUDIENCE", "")
			}
			got := mistakes(parseSettings(t))
			if want := "DATABASE_URL: not set, although the environment has settings of production: " + name + "; set it, or DEMO=true"; len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%q, want %q", got, want)
			}
			t.Setenv("DATABASE_URI", "postgres://u:hush@db/7p")
			if got := mistakes(parseSettings(t)); len(got) != 1 || !strings.Contains(got[0], "is DATABASE_URI meant to be DATABASE_URL?") || strings.Contains(got[0], "hush") {
				t.Errorf("with DATABASE_URI: %q", got)
			}
			t.Setenv("DEMO", "true")
			if got := mistakes(parseSettings(t)); got != nil {
				t.Errorf("with DEMO: %q", got)
			}
			t.Setenv("DEMO", "false")
			t.Setenv("DATABASE_URL", "postgres://db/7p")
			if got := mistakes(parseSettings(t)); got != nil {
				t.Errorf("with DATABASE_URL: %q", got)
			}
		})
	}
	for _, sign := range []string{"DATABASE_URL", "JWT_SECRET", "TRUSTED_PROXIES", "DATABASE_URI", "DATABSE_URL", "JWT_SECERT"} {
		value, want := "", sign+" (empty)"
		if config.FindMisspellings([]string{sign + "=hush"}) != nil {
			value, want = "hush", sign
		}
		setEnvironment(t, map[string]string{"REDIS_URL": "redis://cache"})
		t.Setenv(sign, value)
		if got := mistakes(parseSettings(t)); len(got) != 1 || !strings.Contains(got[0], "settings of production: "+want) {
			t.Errorf("%s: %q", sign, got)
		}
		os.Unsetenv(sign)
	}
	setEnvironment(t, map[string]string{"REDIS_URL": "redis://cache", "RATE_LIMIT": "1/1m", "LOG_LEVEL": "warn", "POSTGRES_URL": "postgres://other"})
	if got := mistakes(parseSettings(t)); got != nil {
		t.Errorf("without settings of production: %q", got)
	}
}

// A server without DATABASE_URL listens on this machine only, unless ADDR says otherwise.
func TestDefaultAddress(t *testing.T) {
	setEnvironment(t, nil)
	for _, tt := range []struct{ database, demo, set, want string }{
		{"", "false", "", "127.0.0.1:8080"},
		{"", "true", "", "127.0.0.1:8080"},
		{"", "false", ":8080", ":8080"},
		{"postgres://db/7p", "false", "", ":8080"},
		{"postgres://db/7p", "false", "127.0.0.1:1", "127.0.0.1:1"},
	} {
		t.Setenv("DATABASE_URL", tt.database)
		if tt.database == "" {
			os.Unsetenv("DATABASE_URL")
		}
		t.Setenv("DEMO", tt.demo)
		t.Setenv("ADDR", tt.set)
		c := parseSettings(t)
		if err := c.Check(); err != nil || c.Addr != tt.want || !strings.Contains(c.String(), "ADDR="+tt.want+"\n") {
			t.Errorf("%+v: %s, %v", tt, c.Addr, err)
		}
	}
}

// Variables that resemble a setting are found by name, except where the setting itself has a value.
func TestFindMisspellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		environment []string
		want        []config.Misspelling
	}{
		{[]string{"DATABASE_URI=hush"}, []config.Misspelling{{"DATABASE_URI", "DATABASE_URL"}}},
		{[]string{"DATABASE_URI=hush", "DATABASE_URL=x"}, nil},
		{[]string{"DATABASE_URI=hush", "DATABASE_URL="}, []config.Misspelling{{"DATABASE_URI", "DATABASE_URL"}}},
		{[]string{"DATABASE_URI="}, nil},
		{[]string{"POSTGRES_URL=hush", "database_url=hush"}, []config.Misspelling{{"POSTGRES_URL", "DATABASE_URL"}, {"database_url", "DATABASE_URL"}}},
		{[]string{"REDIS_URI=hush", "JWT_KEY=hush", "RATELIMIT=1/1m", "JWT_SECERT=hush"}, []config.Misspelling{{"JWT_KEY", "JWT_KEYS"}, {"JWT_SECERT", "JWT_SECRET"}, {"RATELIMIT", "RATE_LIMIT"}, {"REDIS_URI", "REDIS_URL"}}},
		{[]string{"ADDRS=x", "AD=x", "TRUSTED_PROXY=x"}, []config.Misspelling{{"ADDRS", "ADDR"}}}, // of a short name, one letter; PROXY has three others
		{[]string{"EMBEDDED_DIR=/a", "CACHE=off", "MAX_BODY=1"}, nil},                             // former names
		// Variables of an ordinary environment.
		{strings.Fields("PATH=x HOME=x USER=x LOGNAME=x SHELL=x TERM=x LANG=x LC_ALL=x PWD=x OLDPWD=x MAIL=x EDITOR=x PAGER=x HOSTNAME=x TZ=x TMPDIR=x TEMP=x " +
			"PORT=x HOST=x DEBUG=x MODE=x NODE_ENV=x PGHOST=x PGPORT=x PGUSER=x PGDATABASE=x PGPASSWORD=x POSTGRES_USER=x POSTGRES_PASSWORD=x POSTGRES_DB=x " +
			"REDIS_HOST=x REDIS_PORT=x REDIS_PASSWORD=x KUBERNETES_SERVICE_HOST=x KUBERNETES_PORT=x GOGC=x GOMEMLIMIT=x GOFLAGS=x GOPATH=x HTTP_PROXY=x NO_PROXY=x " +
			"SSH_AUTH_SOCK=x XDG_RUNTIME_DIR=x INVOCATION_ID=x JOURNAL_STREAM=x NOTIFY_SOCKET=x CI=x TEST_REDIS_URL=x AWS_REGION=x"), nil},
	} {
		if diff := cmp.Diff(tt.want, config.FindMisspellings(tt.environment)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.environment, diff)
		}
	}
}
