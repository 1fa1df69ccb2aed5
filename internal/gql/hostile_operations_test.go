package gql_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

const (
	maxResponseBytes = 8 << 20
	// maxAllocatedBytes is the most that an operation may allocate in total: its rows, the sum of a buffer
	// that doubles, copies, and the maps and goroutines of introspection.
	maxAllocatedBytes = 10 * maxResponseBytes
	tooLarge          = "MAX_RESPONSE_BYTES_LIMIT"
)

// openLongTexts opens a store of the demo data in which all texts have their maximum length.
func openLongTexts(t *testing.T) *store.Store {
	t.Helper()
	db := openDemoStore(t)
	for _, sql := range []string{
		"UPDATE reviews SET body = repeat('漢', 5000)",
		`UPDATE courses SET description = repeat('<"go"> & ', 2222)`,
	} {
		if _, err := db.PrimaryPool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// TestHostileOperations runs operations that request as much as the limits before the execution allow,
// one after the other. Each ends with the code in its first line, or with a response within the limit.
func TestHostileOperations(t *testing.T) { //nolint:paralleltest // it measures what the process allocates
	db, pool := openLongTexts(t), memory.NewPool(128<<20)
	h := gql.New(gql.Options{
		Store: db, Log: discardLog, Introspection: true, OperationTimeout: time.Minute,
		Now: func() time.Time { return testdb.Now }, MaxResponseBytes: maxResponseBytes, ResponseMemory: pool,
	})
	files, err := filepath.Glob("testdata/hostile/*.graphql")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), ":")
		t.Run(strings.TrimSuffix(filepath.Base(file), ".graphql"), func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			resp := postQuery(t, h, edu.Viewer{}, string(text))
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d kB of response, %d MB allocated", len(resp.Body)>>10, allocated>>20)
			got := cmp.Or(resp.Result(t).Codes(), "OK")
			if got != code || len(resp.Body) > maxResponseBytes {
				t.Errorf("%q, want %q: %.1000s", got, code, resp)
			}
			if allocated > maxAllocatedBytes {
				t.Errorf("%d bytes allocated", allocated)
			}
			if s := pool.Stats(); s.Used != 0 || s.Shares != 0 {
				t.Errorf("memory is still reserved: %+v", s)
			}
		})
	}
}

// TestResponseTooLarge checks the response in place of one that is too large.
func TestResponseTooLarge(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Store: openLongTexts(t), Log: discardLog, MaxBatchSize: 3, MaxResponseBytes: 200_000})
	resp := postQuery(t, h, edu.Viewer{}, "{ courses(first: 4) { nodes { id a: description b: description c: description } } viewer { id } }")
	result := resp.Result(t)
	if resp.Status != 200 || len(result.Errors) != 1 || result.Codes() != tooLarge || !bytes.Contains(resp.Body, []byte(`"data":null`)) {
		t.Fatalf("%.500s", resp)
	}
	err := result.Errors[0]
	if !strings.HasPrefix(err.Message, "the response has more than the limit of 200000 bytes: ") ||
		!strings.Contains(err.Message, "largest when it was stopped: courses.nodes.description (1") || err.Extensions["limit"] != 200_000.0 {
		t.Errorf("%+v", err)
	}
	if resp := postQuery(t, h, edu.Viewer{}, "{ courses(first: 1) { nodes { id description } } }"); resp.Result(t).Codes() != "" {
		t.Errorf("%.500s", resp)
	}
}

// TestBatchTooLarge checks that the operations of a batch share the limit of one response.
func TestBatchTooLarge(t *testing.T) {
	t.Parallel()
	pool := memory.NewPool(128 << 20)
	h := gql.New(gql.Options{Store: openLongTexts(t), Log: discardLog, MaxBatchSize: 3, MaxResponseBytes: 120_000, ResponseMemory: pool})
	item := map[string]string{"query": "{ courses(first: 1) { nodes { a: description b: description } } }"} // 49 kB
	body, err := json.Marshal([]any{item, item, item})
	if err != nil {
		t.Fatal(err)
	}
	resp := gqltest.NewClient(h).Post(t, edu.Viewer{}, string(body))
	if batch := resp.Batch(t); len(batch) != 3 || batch[0].Codes() != "" || batch[1].Codes() != "" || batch[2].Codes() != tooLarge {
		t.Errorf("%.300s … %.300s", resp, resp.Body[max(0, len(resp.Body)-300):])
	}
	if s := pool.Stats(); s.Used != 0 {
		t.Errorf("%+v", s)
	}
}

// TestNoMemory checks that a large response is rejected while others hold the memory, and a small one is
// not.
func TestNoMemory(t *testing.T) {
	t.Parallel()
	pool := memory.NewPool(4 << 20)
	h := gql.New(gql.Options{Store: openLongTexts(t), Log: discardLog, ResponseMemory: pool})
	for i := range 60 {
		m := pool.NewMeter(memory.Caller{ID: strconv.Itoa(i), Address: strconv.Itoa(i)}, 1<<20)
		if err := m.Begin(t.Context(), func() {}); err != nil {
			t.Fatal(err)
		}
		defer m.Release()
	}
	resp := postQuery(t, h, edu.Viewer{}, "{ courses(first: 20) { nodes { description } } }")
	if resp.Status != 503 || resp.Header.Get("Retry-After") != "1" || resp.Result(t).Codes() != string(edu.Unavailable) {
		t.Errorf("%.500s", resp)
	}
	if resp := postQuery(t, h, edu.Viewer{}, "{ courses(first: 20) { nodes { id title } } }"); resp.Status != 200 || resp.Result(t).Codes() != "" {
		t.Errorf("%.500s", resp)
	}
	if s := pool.Stats(); s.Used != 60*memory.MinReservation {
		t.Errorf("%+v", s)
	}
}
