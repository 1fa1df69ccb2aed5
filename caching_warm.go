package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/gql"
)

// warmConcurrency is how many operations are answered ahead at a time.
const warmConcurrency = 4

// warmReport is what became of a list of operations, with a note on each that is not kept.
type warmReport struct {
	stored, present, uncacheable, failed int
	notes                                []string
}

// warmOperations makes the answers of a list of operations, but for those that are there.
func warmOperations(ctx context.Context, api *gql.Server, list []gql.WarmOperation) (report warmReport) {
	results := make([]gql.WarmResult, len(list))
	var group errgroup.Group
	group.SetLimit(warmConcurrency)
	for i, operation := range list {
		group.Go(func() error {
			results[i] = api.WarmCache(ctx, operation)
			return nil
		})
	}
	_ = group.Wait() // results has the errors
	for i, r := range results {
		switch {
		case r.AlreadyCached:
			report.present++
		case len(r.Errors) > 0:
			report.failed++
			report.notes = append(report.notes, fmt.Sprintf("failed: %s: %s", list[i].Name, r.Errors[0].Message))
		case r.NotCachedReason != "":
			report.uncacheable++
			report.notes = append(report.notes, fmt.Sprintf("not cacheable: %s: %s", list[i].Name, r.NotCachedReason))
		default:
			report.stored++
		}
	}
	return report
}

// warmInBackground makes the answers of a list beside the requests, until the context ends.
func (r *responseCache) warmInBackground(ctx context.Context, log *slog.Logger, api *gql.Server, list []gql.WarmOperation) {
	switch {
	case len(list) == 0:
		return
	case r.cache == nil:
		log.WarnContext(ctx, "CACHE_WARM is passed over, as CACHE is off")
		return
	}
	r.background.Go(func() {
		if r.invalidation.AwaitLease(ctx) != nil {
			return
		}
		start := time.Now()
		report := warmOperations(ctx, api, list)
		if ctx.Err() != nil {
			return
		}
		for _, note := range report.notes {
			log.WarnContext(ctx, "an operation of CACHE_WARM is not kept", "why", note)
		}
		log.InfoContext(ctx, "warmed", "made", report.stored, "there", report.present, "not_cacheable", report.uncacheable, "failed", report.failed,
			"ms", time.Since(start).Milliseconds())
	})
}
