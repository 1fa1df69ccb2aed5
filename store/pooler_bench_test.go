package store_test

import (
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
	"github.com/7p-education/api/store"
)

// BenchmarkPooler measures a batch of two reads on a direct connection, through PgBouncer, and with what a pooler
// needs on a direct connection.
func BenchmarkPooler(b *testing.B) {
	dsn := testdb.Direct(b, testdb.NewWithDemo(b))
	pooler, err := pgbouncer.Start(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = pooler.Stop() })
	through, err := pooler.Through(dsn)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		config store.Config
	}{
		{"direct", store.Config{URL: dsn}},
		{"settings and parsing on a direct connection", store.Config{URL: dsn, Pooler: store.PoolerTransaction}},
		{"settings on a direct connection", store.Config{URL: dsn, Pooler: store.PoolerPrepared}},
		{"PgBouncer", store.Config{URL: through}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.config.MaxConns = 2
			s, err := store.Open(b.Context(), c.config)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for b.Loop() {
				var r queryResult
				err := s.RunQueries(b.Context(), store.Categories(countRow[*edu.Category](&r)), store.CoursesByID([]int64{1}, 0, countRow[*edu.Course](&r)))
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
