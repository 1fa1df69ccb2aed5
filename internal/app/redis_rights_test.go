package app

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// TestDocumentedRights runs a server, and the commands that use Redis, under exactly the documented rights.
func TestDocumentedRights(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.NewWithDemo(t)
	rights := redistest.DocumentedRights(t, "../../docs/operations.md")
	redis.RunCommand(append([]string{"ACL", "SETUSER", "7p", "on", ">secret"}, rights...)...)
	url := strings.Replace(redis.URL(), "unix://", "unix://7p:secret@", 1)
	var settings struct {
		config.Config `embed:""`
	}
	flags := []string{"--database-url=" + dsn, "--jwt-secret=" + secret, "--redis-url=" + url, "--redis-limits-url=" + url}
	if _, err := config.Parse(&settings, &settings.Config, flags); err != nil {
		t.Fatal(err)
	}
	c := &settings.Config
	s, err := Open(t.Context(), c, new(logBuffer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.startBackground(t.Context())
	if err := s.responseCache.invalidation.AwaitLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	useServer(t, s)
	if err := AnnounceRevocation(t.Context(), c, s.db, auth.Revocation{User: 1}); err != nil {
		t.Error(err)
	}
	r, err := OpenRedis(c, s.db, time.Minute, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if _, err := respcache.ReadRedisStats(t.Context(), r); err != nil {
		t.Error(err)
	}
	for _, check := range s.shared.readinessChecks() {
		if err := check.Probe(t.Context()); err != nil {
			t.Errorf("%s: %v", check.Name, err)
		}
	}
	if denied := strings.TrimSpace(redis.RunCommand("ACL", "LOG")); denied != "" {
		t.Errorf("Redis denied commands: %s", denied)
	}
	requireUsed(t, redis, rights)
	for key := range strings.FieldsSeq(redis.RunCommand("KEYS", "*")) {
		if !strings.HasPrefix(key, "7p:") {
			t.Errorf("the key %s does not begin with REDIS_PREFIX", key)
		}
	}
}

// useServer has a server use Redis in all its ways: responses, locks, persisted queries, limits, the log and
// revocations.
func useServer(t *testing.T, s *Server) {
	t.Helper()
	send := func(text string, variables any, headers ...string) gqltest.Result {
		t.Helper()
		r := gqltest.Serve(s.handler, gqltest.NewRequest(t.Context(), edu.Viewer{}, text, variables, headers...)).Result(t)
		if len(r.Errors) > 0 {
			t.Errorf("%s", r)
		}
		return r
	}
	for range 2 {
		send(homeText, nil)
	}
	in := map[string]any{"in": map[string]string{"email": "student@7p.example", "password": demo.Password}}
	token, _ := send(signInText, in).At("session", "accessToken").(string)
	send(`mutation { signOut { __typename } }`, nil, "Authorization: Bearer "+token)
	query := fmt.Sprintf(`{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}}`, sha256.Sum256([]byte("{ __typename }")))
	for _, body := range []string{query, strings.Replace(query, `"query":"{ __typename }",`, "", 1)} {
		request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		s.handler.ServeHTTP(answer, request)
		if got := answer.Body.String(); !strings.Contains(got, `"__typename":"Query"`) {
			t.Errorf("persisted query: %s", got)
		}
	}
}

// requireUsed checks that the server used every command that it has a right to.
func requireUsed(t *testing.T, redis *redistest.Server, rights []string) {
	t.Helper()
	used := redis.RunCommand("INFO", "commandstats")
	for _, right := range rights {
		if command, ok := strings.CutPrefix(right, "+"); ok && !strings.Contains(used, fmt.Sprintf("cmdstat_%s:", command)) {
			t.Errorf("the right %s is documented and not used", right)
		}
	}
}
