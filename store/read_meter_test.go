package store_test

import (
	"errors"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// countingMeter counts rows, and fails once they have more than max bytes.
type countingMeter struct {
	rows, bytes, max int
}

var errTooMany = errors.New("too many bytes")

func (m *countingMeter) CountRows(rows, bytes int) error {
	m.rows += rows
	m.bytes += bytes
	if m.bytes > m.max {
		return errTooMany
	}
	return nil
}

// TestReadMeter checks that a read ends soon after its meter has failed, and that the store serves
// further reads.
func TestReadMeter(t *testing.T) {
	t.Parallel()
	db := open(t, store.Config{URL: testdb.NewWithDemo(t), MaxConns: 2})
	if _, err := db.PrimaryPool().Exec(t.Context(), "UPDATE reviews SET body = repeat('x', 5000)"); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	if err := db.PrimaryPool().QueryRow(t.Context(), "SELECT array_agg(id) FROM reviews").Scan(&ids); err != nil {
		t.Fatal(err)
	}
	read := func(limit, queries int) (countingMeter, error) {
		m := countingMeter{max: limit}
		var list []store.Query
		for range queries {
			list = append(list, store.ReviewsByID(ids, func(*edu.Review) {}))
		}
		err := db.RunQueries(store.WithReadMeter(t.Context(), &m), list...)
		return m, err
	}
	for _, queries := range []int{1, 2} { // a batch has another path
		if m, err := read(1<<40, queries); err != nil || m.rows != queries*len(ids) || m.bytes < queries*5000*len(ids) {
			t.Errorf("%d statements: %+v, %v", queries, m, err)
		}
		const limit = 100_000
		m, err := read(limit, queries)
		if !errors.Is(err, errTooMany) || m.bytes > limit+30_000 {
			t.Errorf("%d statements: %+v of %d rows, %v", queries, m, len(ids), err)
		}
	}
}
