package demo_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

// BenchmarkLoad reports the duration of a load, and of each table with its indexes: run it with
// -benchtime 1x.
func BenchmarkLoad(b *testing.B) {
	for _, scale := range []demo.Scale{demo.Small, demo.Medium, demo.Large} {
		b.Run(string(scale), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				pool := testdb.OpenPool(b, testdb.New(b))
				b.StartTimer()
				last, since := "start", time.Now()
				err := demo.Load(b.Context(), pool, demo.Options{
					Scale: scale, Seed: 1, Now: now,
					Progress: func(table string, _, _ int64) {
						if table != last {
							b.ReportMetric(time.Since(since).Seconds(), last+"-s")
							last, since = table, time.Now()
						}
					},
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(since).Seconds(), last+"-s")
			}
		})
	}
}
