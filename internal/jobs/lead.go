package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/7p-education/api/store"
)

// Lead runs a job without an end on one server at a time, until the context ends. Each server tries at the job's
// interval to take the place of one that stopped. A server that died is replaced after store.JobLease. The context
// of the job's Run ends with the lease.
func Lead(ctx context.Context, s *store.Store, log *slog.Logger, j Job) {
	ticker := time.NewTicker(j.Interval)
	defer ticker.Stop()
	failing := false
	for {
		_, _, err := runExclusively(ctx, s, log, j, 0)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing {
			if failing = err != nil; failing {
				log.WarnContext(ctx, "job cannot be claimed", "job", j.Name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
