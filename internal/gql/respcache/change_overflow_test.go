package respcache

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// More was written while nobody could follow it than anybody reads in a second: that
// something changed is found all the same, and answers are kept again.
func TestMoreChangesThanCanBeRead(t *testing.T) {
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
	p := start(t, dsn, redistest.StartServer(t).URL()) // until it follows
	k := key(t, "a")
	p.keep(t, k, nobody, made(t, "kept", 0, 0))
	if p.look(t, k, nobody) != "kept" {
		t.Fatal("nothing is kept")
	}
	found := p.log.Stats().UnpublishedChanges
	write("course:1", store.MaxChanges+1)
	for p.log.Stats().UnpublishedChanges == found {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.look(t, k, nobody); got != "" {
		t.Errorf("%q is kept after the change", got)
	}
}
