package tracing

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/7p-education/api/internal/observe"
)

// draftAttributes returns attributes of drafts of the semantic conventions, if they are on.
func (t *Tracer) draftAttributes(list ...attribute.KeyValue) []attribute.KeyValue {
	if !t.draft {
		return nil
	}
	return list
}

// draftProcessing returns the draft's attribute of what a span of GraphQL does.
func (t *Tracer) draftProcessing(kind string) []attribute.KeyValue {
	return t.draftAttributes(attribute.String("graphql.processing.type", kind))
}

// draftDocument returns the draft's attributes of a document.
func (t *Tracer) draftDocument(o *observe.Operation) []attribute.KeyValue {
	switch {
	case o.Kind == "":
		return nil
	case o.Document == nil:
		return t.draftProcessing("request")
	case o.Document.Trusted:
		return append(t.draftProcessing("request"), t.draftAttributes(attribute.String("graphql.document.id", o.Document.ID))...)
	}
	return append(t.draftProcessing("request"), t.draftAttributes(attribute.String("graphql.document.hash", "sha256:"+o.Document.ID))...)
}

// httpMethod returns a method as the semantic conventions have it.
func httpMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return method
	}
	return "_OTHER"
}

// pathOf returns the path of a pattern of the http.ServeMux, which may begin with a method.
func pathOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}
