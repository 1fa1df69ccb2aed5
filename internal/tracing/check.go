package tracing

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

// Check sends a request without spans to a collector.
func Check(ctx context.Context, endpoint string) error {
	client := otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(endpoint+tracesPath), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err := client.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = client.Stop(ctx) }()
	return client.UploadTraces(ctx, nil)
}
