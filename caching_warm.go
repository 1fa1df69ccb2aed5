package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/gql"
)

// warmAtOnce is how many operations are answered ahead at a time.
const warmAtOnce = 4

// warmed is what became of a list of operations, with a note on each that is not kept.
type warmed struct {
	made, there, notKept, failed int
	notes                        []string
}

// warm makes the answers of a list of operations, but for those that are there.
func warm(ctx context.Context, api *gql.Server, list []gql.Operation) (w warmed) {
	results := make([]gql.Warmed, len(list))
	var at errgroup.Group
	at.SetLimit(warmAtOnce)
	for i, o := range list {
		at.Go(func() error {
			results[i] = api.Warm(ctx, o)
			return nil
		})
	}
	_ = at.Wait() // results has the errors
	for i, r := range results {
		switch {
		case r.There:
			w.there++
		case len(r.Errors) > 0:
			w.failed++
			w.notes = append(w.notes, fmt.Sprintf("failed: %s: %s", list[i].Name, r.Errors[0].Message))
		case r.Why != "":
			w.notKept++
			w.notes = append(w.notes, fmt.Sprintf("not cacheable: %s: %s", list[i].Name, r.Why))
		default:
			w.made++
		}
	}
	return w
}

// warm makes the answers of a list beside the requests, until the context ends.
func (k *caching) warm(ctx context.Context, log *slog.Logger, api *gql.Server, list []gql.Operation) {
	switch {
	case len(list) == 0:
		return
	case k.answers == nil:
		log.WarnContext(ctx, "CACHE_WARM is passed over, as CACHE is off")
		return
	}
	k.running.Go(func() {
		if k.changes.Wait(ctx) != nil {
			return
		}
		start := time.Now()
		w := warm(ctx, api, list)
		if ctx.Err() != nil {
			return
		}
		for _, note := range w.notes {
			log.WarnContext(ctx, "an operation of CACHE_WARM is not kept", "why", note)
		}
		log.InfoContext(ctx, "warmed", "made", w.made, "there", w.there, "not_cacheable", w.notKept, "failed", w.failed,
			"ms", time.Since(start).Milliseconds())
	})
}
