package jobs_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/testdb"
)

// One of several servers runs the work; another takes over at once when it stops.
func TestLead(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	var running atomic.Int64
	leads := make(chan int, 10)
	stops := make([]context.CancelFunc, 3)
	var servers sync.WaitGroup
	for i := range stops {
		ctx, stop := context.WithCancel(t.Context())
		stops[i] = stop
		s := openStore(t, dsn)
		servers.Go(func() {
			jobs.Lead(ctx, s, discardLog, jobs.Job{Name: "lead", Interval: 10 * time.Millisecond, Run: func(ctx context.Context) ([]any, error) {
				if n := running.Add(1); n != 1 {
					t.Errorf("%d servers run the work", n)
				}
				leads <- i
				<-ctx.Done()
				running.Add(-1)
				return nil, nil
			}})
		})
	}
	for range stops {
		stops[<-leads]()
	}
	servers.Wait()
	list, err := openStore(t, dsn).ListJobs(t.Context())
	if err != nil || len(list) != 1 || list[0].Running || list[0].Failures != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
