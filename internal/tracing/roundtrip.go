package tracing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/7p-education/api/internal/observe"
)

// recordRoundTrip makes the spans of a round trip to a database, of the batches of loaders that it carries, and of its
// statements if it has several. Statements have their names; their texts and parameters are in no span.
func (s *requestSpans) recordRoundTrip(t *observe.RoundTrip) {
	parent, end := s.parentAt(t.Start), trace.WithTimestamp(t.Start.Add(t.Duration))
	name := "BATCH"
	if len(t.Statements) == 1 {
		name = t.Statements[0].Name
	}
	attributes := []attribute.KeyValue{
		semconv.DBSystemNamePostgreSQL, semconv.DBQuerySummary(summary(t.Statements)), attribute.String("sevenp.database", t.Database),
	}
	if len(t.Statements) > 1 {
		attributes = append(attributes, semconv.DBOperationName("BATCH"), semconv.DBOperationBatchSize(len(t.Statements)))
	} else if len(t.Statements) == 1 {
		attributes = append(attributes, semconv.DBOperationName(name), attribute.Int64("sevenp.rows", t.Statements[0].Rows))
	}
	links := make([]trace.Link, 0, len(t.Loads))
	for i := range t.Loads {
		span := s.beginLoad(parent, t, &t.Loads[i])
		links = append(links, trace.Link{SpanContext: span.SpanContext()})
		setFailure(span, t.Err)
		span.End(end)
	}
	ctx, span := s.begin(parent, name, t.Start, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...), trace.WithLinks(links...))
	if len(t.Statements) > 1 {
		s.recordStatements(ctx, t.Statements)
	}
	setFailure(span, t.Err)
	span.End(end)
}

// beginLoad begins the span of a batch of a loader. It is linked to the operation's span, with the field whose values
// the batch reads: fields have no spans of their own.
func (s *requestSpans) beginLoad(parent context.Context, t *observe.RoundTrip, l *observe.Load) trace.Span {
	link := trace.Link{SpanContext: s.server.SpanContext()}
	attributes := []attribute.KeyValue{attribute.String("sevenp.loader", l.Loader), attribute.Int("sevenp.loader.keys", l.Keys)}
	if l.Field != "" {
		coordinate := l.Type + "." + l.Field
		attributes = append(attributes, attribute.String("sevenp.field", coordinate))
		link.Attributes = append([]attribute.KeyValue{attribute.String("sevenp.field", coordinate)},
			s.draftAttributes(attribute.String("graphql.field.schema_coordinate", coordinate))...)
	}
	if l.Timed {
		attributes = append(attributes, attribute.Bool("sevenp.loader.timed", true))
	}
	attributes = append(attributes, s.draftProcessing("dataloader_batch")...)
	attributes = append(attributes, s.draftAttributes(
		attribute.String("graphql.dataloader.name", l.Loader), attribute.Int("graphql.dataloader.batch.size", l.Keys))...)
	_, span := s.begin(parent, "batch "+l.Loader, t.Start, trace.WithAttributes(attributes...), trace.WithLinks(link))
	return span
}

func (s *requestSpans) recordStatements(ctx context.Context, list []observe.Statement) {
	for _, statement := range list {
		_, span := s.begin(ctx, statement.Name, statement.Start, trace.WithAttributes(attribute.Int64("sevenp.rows", statement.Rows)))
		setFailure(span, statement.Err)
		span.End(trace.WithTimestamp(statement.Start.Add(statement.Duration)))
	}
}

// maxSummaryBytes is the maximum length of a summary in the semantic conventions.
const maxSummaryBytes = 255

// summary returns the names of statements, as many as fit.
func summary(list []observe.Statement) string {
	var b strings.Builder
	for i := range list {
		if b.Len()+1+len(list[i].Name) > maxSummaryBytes {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(list[i].Name)
	}
	return b.String()
}

// setFailure sets the status of a span. The text of an error may have data, and is not sent.
func setFailure(span trace.Span, err error) {
	if err == nil {
		return
	}
	span.SetStatus(codes.Error, "")
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		span.SetAttributes(semconv.DBResponseStatusCode(coded.SQLState()), semconv.ErrorTypeKey.String(coded.SQLState()))
		return
	}
	kind := fmt.Sprintf("%T", err)
	switch {
	case errors.Is(err, context.Canceled):
		kind = "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		kind = "timeout"
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(kind))
}
