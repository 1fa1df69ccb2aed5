// Package tracing sends the spans of sampled requests to an OpenTelemetry collector (OTLP over HTTP). It makes the
// spans of a request when the request is complete, from its observe.Operation: other requests cost one decision.
package tracing
