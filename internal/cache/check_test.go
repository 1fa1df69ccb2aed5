package cache_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestCheckNamesCause puts a server into states in which some commands fail and PING does not, and checks
// that a check names the cause, that the circuit breaker opens once and stays open, and that Redis is used
// again after the cause has ended.
func TestCheckNamesCause(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begin, end [][]string
		cause      string
	}{
		"demoted":       {[][]string{{"REPLICAOF", "127.0.0.1", "1"}}, [][]string{{"REPLICAOF", "NO", "ONE"}}, "read-only: this Redis is a replica"},
		"out of memory": {[][]string{{"CONFIG", "SET", "maxmemory", "1"}}, [][]string{{"CONFIG", "SET", "maxmemory", "0"}}, "out of memory"},
		"replicas":      {[][]string{{"CONFIG", "SET", "min-replicas-to-write", "1"}}, [][]string{{"CONFIG", "SET", "min-replicas-to-write", "0"}}, "fewer replicas are connected"},
		"no INFO":       {[][]string{{"ACL", "SETUSER", "default", "-info"}}, [][]string{{"ACL", "SETUSER", "default", "+info"}}, "may not run the command info"},
		"no stream":     {[][]string{{"ACL", "SETUSER", "default", "-xadd"}}, [][]string{{"ACL", "SETUSER", "default", "+xadd"}}, "may not run the command xadd"},
		"no TIME":       {[][]string{{"ACL", "SETUSER", "default", "-time"}}, [][]string{{"ACL", "SETUSER", "default", "+time"}}, "missing right"},
		"no keys":       {[][]string{{"ACL", "SETUSER", "default", "resetkeys", "~other:*"}}, [][]string{{"ACL", "SETUSER", "default", "allkeys"}}, "may not use the keys"},
		"no channel":    {[][]string{{"ACL", "SETUSER", "default", "resetchannels"}}, [][]string{{"ACL", "SETUSER", "default", "allchannels"}}, "may not use the channels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, ctx := redistest.StartServer(t), t.Context()
			r, log := openLogged(t, server.URL())
			if err := r.Check(ctx); err != nil {
				t.Fatal(err)
			}
			for _, command := range tt.begin {
				server.RunCommand(command...)
			}
			err := r.Check(ctx)
			problem, ok := errors.AsType[*cache.Problem](err)
			if !ok || !strings.Contains(problem.HealthCause(), tt.cause) {
				t.Fatalf("got %v, want %q", err, tt.cause)
			}
			for range 50 { // PING succeeds
				r.Set(ctx, "key", []byte("x"), time.Minute)
				_, _ = r.Get(ctx, "key", 0)
				if err := r.Check(ctx); err == nil || !r.Stats().CircuitOpen {
					t.Fatalf("check: %v, %+v", err, r.Stats())
				}
			}
			for _, command := range tt.end {
				server.RunCommand(command...)
			}
			eventually(t, "the circuit breaker closes by itself", func() bool { return !r.Stats().CircuitOpen })
			if got := log.String(); strings.Count(got, "Redis unavailable") != 1 || !strings.Contains(got, tt.cause) {
				t.Errorf("logged %s", got)
			}
		})
	}
}

// TestCheckOfConnection checks the causes of connections that fail.
func TestCheckOfConnection(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	for url, cause := range map[string]string{
		noServer: "no connection",
		strings.Replace(server.URL(), "unix://", "unix://7p:hush@", 1): "wrong user or password",
	} {
		r, log := openLogged(t, url)
		err := r.Check(t.Context())
		if problem, ok := errors.AsType[*cache.Problem](err); !ok || problem.HealthCause() != cause || !r.Stats().CircuitOpen {
			t.Errorf("got %v, want %q", err, cause)
		}
		if strings.Contains(log.String(), "hush") {
			t.Errorf("logged %s", log)
		}
	}
}

// TestRejectedUseOpens checks that a use that Redis rejects opens the circuit breaker although other uses
// succeed, without a check from outside.
func TestRejectedUseOpens(t *testing.T) {
	t.Parallel()
	server, ctx := redistest.StartServer(t), t.Context()
	r, log := openLogged(t, server.URL())
	r.Set(ctx, "key", []byte("x"), time.Minute)
	server.RunCommand("CONFIG", "SET", "maxmemory", "1")
	eventually(t, "the circuit breaker opens", func() bool {
		_, _ = r.Get(ctx, "key", 0)
		r.Set(ctx, "key", []byte("x"), time.Minute)
		return r.Stats().CircuitOpen
	})
	// The monitor may open it, and logs after that.
	eventually(t, "the cause is logged", func() bool { return strings.Contains(log.String(), "out of memory") })
}

// TestRights uses a server with exactly the documented rights, and checks that a check needs each one.
func TestRights(t *testing.T) {
	t.Parallel()
	server, ctx := redistest.StartServer(t), t.Context()
	rights := redistest.DocumentedRights(t, "../../docs/operations.md")
	server.RunCommand(append([]string{"ACL", "SETUSER", "7p", "on", ">secret"}, rights...)...)
	r, _ := openLogged(t, strings.Replace(server.URL(), "unix://", "unix://7p:secret@", 1))
	received, joined := make(chan string, 1), make(chan struct{}, 1)
	go r.Subscribe(ctx, "news", func(message string) { received <- message }, func() { joined <- struct{}{} })
	<-joined
	if err := r.Publish(ctx, "news", "hello"); err != nil {
		t.Fatal(err)
	}
	if got := <-received; got != "hello" {
		t.Errorf("received %q", got)
	}
	if err := r.Check(ctx); err != nil {
		t.Fatal(err)
	}
	for _, right := range rights {
		command, ok := strings.CutPrefix(right, "+")
		if !ok || command == "subscribe" || command == "scan" { // of the subscription, and of "7p cache stats"
			continue
		}
		server.RunCommand("ACL", "SETUSER", "7p", "-"+command)
		if err := r.Check(ctx); err == nil || !strings.Contains(err.Error(), "missing right") {
			t.Errorf("without %s: %v", command, err)
		}
		server.RunCommand("ACL", "SETUSER", "7p", right)
	}
}

// TestClusterRights uses a cluster with exactly the documented rights.
func TestClusterRights(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1)
	rights := append(redistest.DocumentedRights(t, "../../docs/operations.md"), "+cluster", "+command")
	cluster.RunCommand(0, append([]string{"ACL", "SETUSER", "7p", "on", ">secret"}, rights...)...)
	r, _ := openLogged(t, strings.Replace(cluster.URL(), "redis://", "redis://7p:secret@", 1))
	if err := r.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the value is there", func() bool { // a busy machine may exceed a deadline
		r.Set(t.Context(), "key", []byte("x"), time.Minute)
		_, ok := r.Get(t.Context(), "key", time.Minute)
		return ok
	})
	if denied := strings.TrimSpace(cluster.RunCommand(0, "ACL", "LOG")); denied != "" {
		t.Errorf("Redis denied commands: %s", denied)
	}
}

// TestDeniedSubscription checks that a subscription that Redis rejects is a problem, until it is accepted.
func TestDeniedSubscription(t *testing.T) {
	t.Parallel()
	server, ctx := redistest.StartServer(t), t.Context()
	server.RunCommand("ACL", "SETUSER", "default", "-subscribe")
	r, _ := openLogged(t, server.URL())
	go r.Subscribe(ctx, "news", func(string) {}, func() {})
	eventually(t, "the denied subscription is a problem", func() bool {
		err := r.Check(ctx)
		return err != nil && strings.Contains(err.Error(), "may not run the command subscribe") && r.Stats().CircuitOpen
	})
	server.RunCommand("ACL", "SETUSER", "default", "+subscribe")
	eventually(t, "Redis is used again", func() bool { return !r.Stats().CircuitOpen })
}

// openLogged opens a Redis and returns its log.
func openLogged(t *testing.T, url string) (*cache.Redis, *lines) {
	t.Helper()
	log := &lines{}
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, log
}
