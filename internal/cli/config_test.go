package cli

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/mail/mailtest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/tracing/tracetest"
)

// TestDial connects to real servers, of which some are well and some are not.
func TestDial(t *testing.T) {
	t.Parallel()
	dsn, other, redis := testdb.New(t), testdb.New(t), redistest.StartServer(t)
	if _, err := testdb.OpenPool(t, other).Exec(t.Context(), "UPDATE database_identity SET id = gen_random_uuid()"); err != nil { // both are clones
		t.Fatal(err)
	}
	redis.RunCommand("ACL", "SETUSER", "limits", "on", ">hush", "allkeys", "allchannels", "+@all", "-info")
	media := httptest.NewServer(nil)
	t.Cleanup(media.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	mails := mailtest.Start(t, mailtest.Options{Username: "ada", Password: "right"})
	collector := tracetest.StartCollector(t)
	collector.Reject(http.StatusUnauthorized)
	line, _, err := parseCommand("config", "--check", "--database-url="+dsn, "--read-replica-url="+other, "--redis-url="+redis.URL(),
		"--redis-limits-url="+strings.Replace(redis.URL(), "unix://", "unix://limits:hush@", 1), "--media-base-url="+media.URL,
		"--jwks-url=http://"+closed.Addr().String()+"/keys", "--jwks-issuer=https://id.example", "--jwks-audience=edu",
		"--otel-exporter-otlp-endpoint="+collector.URL(), "--smtp-url=smtp://ada:hush@"+mails.Address, "--mail-from=no-reply@7p.example")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]app.DialResult{}
	for _, r := range app.Dial(t.Context(), &line.Settings) {
		if got[r.Setting] = r; strings.Contains(r.Details, "hush") {
			t.Errorf("the result has a secret: %+v", r)
		}
	}
	for setting, want := range map[string]struct{ state, details string }{
		"DATABASE_URL":     {app.DialOK, "writable, no migration pending"},
		"READ_REPLICA_URL": {app.DialDegraded, "not a replica of DATABASE_URL"},
		"REDIS_URL":        {app.DialOK, "a round trip takes"},
		"REDIS_LIMITS_URL": {app.DialDegraded, "may not run the command info"},
		"JWKS_URL":         {app.DialFailed, "no key was fetched"},
		"SMTP_URL":         {app.DialFailed, "authentication"},
		"MEDIA_BASE_URL":   {app.DialOK, "404"},

		"OTEL_EXPORTER_OTLP_ENDPOINT": {app.DialDegraded, "401"},
	} {
		if r := got[setting]; r.State != want.state || !strings.Contains(r.Details, want.details) {
			t.Errorf("%s: got %+v, want %v", setting, r, want)
		}
	}
}
