package respcache

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// TestMoreChangesThanOnePoll writes more changes than one poll reads. The cache works again
// once a process has a lease, and more changes than one poll reads invalidate the entry.
func TestMoreChangesThanOnePoll(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	write := func(tag string, n int) {
		if _, err := conn.Exec(t.Context(), "INSERT INTO changes (tags) SELECT ARRAY[$1::text] FROM generate_series(1, $2::int)", tag, n); err != nil {
			t.Fatal(err)
		}
	}
	write("course:7", 20*store.MaxChanges)
	p := startProcess(t, dsn, redistest.StartServer(t).URL()) // returns with a lease
	k := newKey(t, "a")
	p.storeNew(t, k, anonymous, newEntry(t, "stored", 0, 0))
	if p.lookupBody(t, k, anonymous) != "stored" {
		t.Fatal("the entry is not found")
	}
	found := p.log.Stats().UnpublishedChanges
	write("course:1", store.MaxChanges+1)
	for p.log.Stats().UnpublishedChanges == found {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.lookupBody(t, k, anonymous); got != "" {
		t.Errorf("got %q after the change", got)
	}
}
