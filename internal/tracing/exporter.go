package tracing

import (
	"context"
	"log/slog"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter counts the spans that are sent, and logs when sending begins to fail and when it works again.
type exporter struct {
	sdktrace.SpanExporter
	log                    *slog.Logger
	failing                atomic.Bool
	recorded, sent, failed atomic.Uint64
}

// ExportSpans implements sdktrace.SpanExporter. It returns no error, which the SDK would print for each batch.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.failed.Add(uint64(len(spans)))
		e.logFailure(err)
		return nil
	}
	e.sent.Add(uint64(len(spans)))
	if e.failing.Swap(false) {
		e.log.Info("traces are sent again")
	}
	return nil
}

// logFailure logs the first failure of several.
func (e *exporter) logFailure(err error) {
	if !e.failing.Swap(true) {
		e.log.Warn("sending traces failed", "error", err)
	}
}
