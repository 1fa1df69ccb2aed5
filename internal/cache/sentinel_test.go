package cache_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestSentinel uses the master that a Sentinel names, under the documented rights, through a failover by hand and
// one after the death of the master.
func TestSentinel(t *testing.T) {
	t.Parallel()
	for name, failOver := range map[string]func(*redistest.Sentinel){"by hand": (*redistest.Sentinel).FailOver, "death": (*redistest.Sentinel).KillMaster} {
		t.Run(name, func(t *testing.T) {
			if name == "by hand" && os.Getenv("CHAOS") == "" {
				t.Skip("make chaos runs it")
			}
			t.Parallel()
			sentinel := redistest.StartSentinel(t, sentinelRights(t))
			r, log := openLogged(t, sentinel.URL())
			works := func() bool {
				r.Set(t.Context(), "key", []byte("x"), time.Minute)
				_, ok := r.Get(t.Context(), "key", 0)
				return ok
			}
			eventually(t, "the master is used", works)
			connections := r.ConnectionsMade()
			failOver(sentinel)
			start := time.Now()
			eventually(t, "the new master is used", works)
			t.Logf("used %v after the failover", time.Since(start))
			if took := time.Since(start); took > 10*time.Second { // 0.5 s on a quiet machine
				t.Errorf("the new master is used after %v", took)
			}
			// The invalidation log notices a failover by new connections. The old master may work for a moment.
			eventually(t, "a connection is made to the new master", func() bool { return works() && r.ConnectionsMade() > connections })
			eventually(t, "a check succeeds", func() bool { return r.Check(t.Context()) == nil })
			if denied := sentinel.DeniedCommands(); denied != "" {
				t.Errorf("the Sentinel denied %s", denied)
			}
			if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), "secret") {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// sentinelRights returns the rights at a Sentinel that docs/operations.md has.
func sentinelRights(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rights := regexp.MustCompile("A user of the Sentinels needs `([^`]+)`").FindSubmatch(text)
	if rights == nil {
		t.Fatal("docs/operations.md has no rights of Sentinels")
	}
	return string(rights[1])
}

// TestNoSentinel checks the cause if no Sentinel can be reached.
func TestNoSentinel(t *testing.T) {
	t.Parallel()
	r, _ := openLogged(t, "redis+sentinel://127.0.0.1:1/main/0")
	err := r.Check(t.Context())
	if problem, ok := errors.AsType[*cache.Problem](err); !ok || !strings.Contains(problem.HealthCause(), "no Sentinel") {
		t.Errorf("got %v", err)
	}
}
