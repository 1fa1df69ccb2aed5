package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/7p-education/api/internal/testdb"
)

// A server waits for a database that is away when it starts, and says so. Until then it is alive, and not ready.
func TestStartBeforeDatabase(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	proxy := testdb.StartProxy(t, dsn)
	env := []string{"DATABASE_URL=" + proxy.DSN(), "JWT_SECRET=" + secret}
	proxy.SwitchTo(t, "postgres://postgres@127.0.0.1:1/away")
	p := start7p(t, env...)
	waiting := p.await(t, "msg", "waiting for the database")
	if waiting["level"] != "WARN" || waiting["error"] == "" {
		t.Errorf("log: %v", waiting)
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		if resp := p.send(t, http.MethodGet, path, ""); resp.Status != want || resp.Text() != `{"status":"starting"}` {
			t.Errorf("%s: %s", path, resp)
		}
	}
	resp := p.send(t, http.MethodPost, "/graphql", `{"query":"{__typename}"}`, "Content-Type: application/json")
	if got := resp.Result(t); resp.Status != http.StatusServiceUnavailable || got.Code() != "SERVICE_UNAVAILABLE" || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("before the start: %s", resp)
	}
	stopped := start7p(t, env...)
	stopped.await(t, "msg", "waiting for the database")
	if code := stopped.signal(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d of a server that is stopped before it has started", code)
	}

	proxy.SwitchTo(t, dsn)
	p.awaitStarted(t)
	p.awaitReady(t)
	if got := p.query(t, "{ categories { id } }", nil); got.Data == nil || len(got.Errors) > 0 {
		t.Errorf("got %+v", got)
	}
}

// Mistakes end a server at its start: waiting would not help. A pooler does not say that a database is missing.
func TestStartWithWrongDatabase(t *testing.T) {
	t.Parallel()
	missing := strings.Replace(testdb.StartProxy(t, testdb.Direct(t, testdb.New(t))).DSN(), "?", "_missing?", 1)
	_, stderr, code := run7p(t, []string{"ADDR=127.0.0.1:0", "JWT_SECRET=" + secret, "DATABASE_URL=" + missing})
	if code != 1 || !strings.Contains(stderr, "does not exist") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
