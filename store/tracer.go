package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/observe"
)

// statementTracer reports the round trips of a pool to the operations that cause them, and to a function.
type statementTracer struct {
	database string // primary, or the name of a replica
	report   func(*observe.RoundTrip)
}

var _ interface {
	pgx.QueryTracer
	pgx.BatchTracer
	pgx.CopyFromTracer
	pgxpool.AcquireTracer
} = statementTracer{}

type tracedKey struct{}

// tracedRoundTrip is a round trip in progress.
type tracedRoundTrip struct {
	*observe.RoundTrip
	statement string // the name of a statement that is sent on its own
}

func (t statementTracer) begin(ctx context.Context, statements int, name string) context.Context {
	return context.WithValue(ctx, tracedKey{}, &tracedRoundTrip{observe.BeginRoundTrip(ctx, t.database, statements), name})
}

func tracedFrom(ctx context.Context) *tracedRoundTrip {
	return ctx.Value(tracedKey{}).(*tracedRoundTrip) //nolint:forcetypeassert // of begin
}

func (t statementTracer) end(ctx context.Context, err error) {
	trip := tracedFrom(ctx).RoundTrip
	trip.End(ctx, err)
	if t.report != nil {
		t.report(trip)
	}
}

// endSingle ends a round trip of one statement.
func (t statementTracer) endSingle(ctx context.Context, tag pgconn.CommandTag, err error) {
	trip := tracedFrom(ctx)
	trip.EndStatement(trip.statement, tag.RowsAffected(), err)
	t.end(ctx, err)
}

// TraceQueryStart implements pgx.QueryTracer.
func (t statementTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	ctx = t.begin(ctx, 1, statementName(data.SQL))
	tracedFrom(ctx).AddText(data.SQL, data.Args)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t statementTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.endSingle(ctx, data.CommandTag, data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (t statementTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx, data.Batch.Len(), "")
}

// TraceBatchQuery implements pgx.BatchTracer.
func (t statementTracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	trip := tracedFrom(ctx)
	trip.AddText(data.SQL, data.Args)
	trip.EndStatement(statementName(data.SQL), data.CommandTag.RowsAffected(), data.Err)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (t statementTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (t statementTracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	ctx = t.begin(ctx, 1, "COPY")
	tracedFrom(ctx).AddText("COPY", nil)
	return ctx
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (t statementTracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.endSingle(ctx, data.CommandTag, data.Err)
}

type acquireStartKey struct{}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (statementTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if _, counted := ctx.Value(statsKey{}).(*Stats); !counted {
		return ctx
	}
	return context.WithValue(ctx, acquireStartKey{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer. It adds the wait for the connection to the operation's.
func (statementTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if start, ok := ctx.Value(acquireStartKey{}).(time.Time); ok {
		ctx.Value(statsKey{}).(*Stats).connWait.Add(int64(time.Since(start))) //nolint:forcetypeassert // of TraceAcquireStart
	}
}

// unnamedStatement is the name of a statement without one.
const unnamedStatement = "other"

// statementName returns the name in the comment at the beginning of a statement, or the command of a transaction.
func statementName(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, "\n")
		return name
	}
	command, _, _ := strings.Cut(sql, " ")
	switch command = strings.TrimSuffix(strings.ToUpper(command), ";"); command {
	case "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE":
		return command
	}
	return unnamedStatement
}
