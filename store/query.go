package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Query is one statement and the destination of its rows. RunQueries sends it.
type Query struct {
	sql  string
	args []any
	scan func(pgx.Rows) error // reads the current row; nil if the statement returns none

	// The dependencies of the result: those known before the statement is sent, the tag of each
	// row, the tag for a result without rows, and tags that depend on the scanned rows.
	tags        []tagDependency
	rowTag      rowTag
	notFoundTag edu.TagKind
	scannedTags *[]edu.Tag
}

// RunQueries sends queries in one round trip, in one implicit transaction, and reads all their
// rows. Reads of AtPosition run on a replica, or else on the primary. Under WithTags, the tags that the
// queries depend on are collected: the tags of rows when the rows are read, all others before the
// queries are sent.
func (s *Store) RunQueries(ctx context.Context, queries ...Query) error {
	if len(queries) == 0 {
		return nil
	}
	tags := tagsFromContext(ctx)
	if s.outerTx != nil {
		if tags != nil {
			tags.MarkIncomplete()
		}
		return convertError(s.outerTx.runQueries(ctx, queries...))
	}
	if tags != nil {
		for i := range queries {
			queries[i].collectTags(tags)
		}
	}
	countStatements(ctx, len(queries))
	meter := readMeterFromContext(ctx)
	if s.reads != nil {
		if done, err := s.reads.runQueries(ctx, queries, tags, meter); done {
			return convertError(err)
		}
	}
	s.readCounts.primary.Add(1)
	return convertError(sendQueries(ctx, s.primary, queries, tags, meter))
}

// sendQueries sends queries to db. It collects the tags of rows in tags, and counts rows by the meter,
// unless these are nil.
func sendQueries(ctx context.Context, db querier, queries []Query, tags *edu.Tags, meter ReadMeter) error {
	counter := rowCounter{meter: meter}
	if meter != nil {
		// pgx reads all rows of an abandoned statement, unless its context ends.
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		counter.abandon = cancel
	}
	// Only a batch distinguishes its results from what follows them: see errLostAfterResults.
	if len(queries) == 1 && queries[0].scan != nil {
		rows, err := db.Query(ctx, queries[0].sql, queries[0].args...)
		if err != nil {
			return err
		}
		return scanRows(rows, queries[0], tags, &counter)
	}
	var batch pgx.Batch
	for _, q := range queries {
		batch.Queue(q.sql, q.args...)
	}
	results := db.SendBatch(ctx, &batch)
	for _, q := range queries {
		rows, err := results.Query()
		if err == nil {
			err = scanRows(rows, q, tags, &counter)
		}
		if err != nil {
			_ = results.Close()
			return err
		}
	}
	if err := results.Close(); err != nil {
		return fmt.Errorf("%w: %w", errLostAfterResults, err)
	}
	return nil
}

// errLostAfterResults reports that a connection was lost after it returned the results of all
// statements.
var errLostAfterResults = errors.New("store: connection lost after all results")

// scanRows reads all rows of a query, counts them, and collects their tags in tags, unless that is nil.
func scanRows(rows pgx.Rows, q Query, tags *edu.Tags, counter *rowCounter) error {
	defer rows.Close()
	found := false
	for rows.Next() {
		if err := counter.countRow(rows.RawValues()); err != nil {
			return err
		}
		if err := q.scan(rows); err != nil {
			return err
		}
		found = true
		if tags != nil && q.rowTag.id != nil {
			tags.Collect(q.rowTag.kind.WithID(*q.rowTag.id))
		}
	}
	if tags != nil && !found && q.notFoundTag != 0 {
		tags.Collect(q.notFoundTag.WithID(0))
	}
	if tags != nil && q.scannedTags != nil {
		tags.Collect(*q.scannedTags...)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return counter.report()
}

// querier sends statements: a pool, one connection of it, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var (
	_ querier = (*pool)(nil)
	_ querier = (*pgx.Conn)(nil)
	_ querier = pgx.Tx(nil)
)
