package store

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// statement builds the text of a statement and its parameters together. Callers'
// values go in as parameters only: never as text.
type statement struct {
	text strings.Builder
	args []any
	tags []dependence
	room [4]dependence // for tags, which are few
	late *[]edu.Tag    // see Query
}

// sql starts a statement. Its name, as a comment, is what logs, spans and
// pg_stat_statements show.
func sql(name string, parts ...string) *statement {
	s := &statement{}
	s.tags = s.room[:0]
	s.text.Grow(1024)
	s.text.WriteString("-- name: ")
	s.text.WriteString(name)
	s.text.WriteByte('\n')
	return s.add(parts...)
}

// add appends text.
func (s *statement) add(parts ...string) *statement {
	for _, p := range parts {
		s.text.WriteString(p)
	}
	return s
}

// arg adds a parameter and returns its place, e.g. $2.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// where appends a condition with one parameter, whose place is %.
func (s *statement) where(condition string, v any) *statement {
	before, after, _ := strings.Cut(condition, "%")
	return s.add(" AND ", before, s.arg(v), after)
}

// into makes a Query of the statement. Rows are read by scan, and have a tag each
// where there is a key.
func (s *statement) into(scan func(pgx.Rows) error, key ...rowKey) Query {
	q := Query{sql: s.text.String(), args: s.args, tags: s.tags, late: s.late, scan: scan}
	if len(key) > 0 {
		q.row = key[0]
	}
	return q
}

// page appends the end of a list: its range, order and length. Key is the SQL
// of what the order sorts by, never null, and id breaks ties. One row more than
// wanted is read, to tell whether there are more. A range is a row comparison,
// which one index serves: 0.2 ms at row 300,000, where the same condition
// written with OR takes 114 ms.
func (s *statement) page(o edu.Order, key, id string, p edu.PageArgs) *statement {
	beyond, short := " > (", " < ("
	if o.Desc {
		beyond, short = short, beyond
	}
	bound := func(at edu.Cursor, operator string) {
		if at.Order != "" {
			s.add(" AND (", key, ", ", id, ")", operator, s.arg(at.Value.Any()), valueTypes[o.Kind], ", ", s.arg(at.ID), ")")
		}
	}
	after, before := p.Bounds(o)
	bound(after, beyond)
	bound(before, short)
	direction := " ASC"
	if o.Desc != p.Backward {
		direction = " DESC"
	}
	return s.add(" ORDER BY ", key, direction, ", ", id, direction, " LIMIT ", s.arg(p.Limit+1))
}

// valueTypes tells PostgreSQL what a cursor's value is.
var valueTypes = map[edu.ValueKind]string{
	edu.IntValue: "::bigint", edu.FloatValue: "::float8", edu.TextValue: "::text",
	edu.DecimalValue: "::numeric", edu.TimeValue: "::timestamptz",
}

func scanInt(into *int) func(pgx.Rows) error {
	return func(rows pgx.Rows) error { return rows.Scan(into) }
}

func scanKey(into *int64) func(pgx.Rows) error {
	return func(rows pgx.Rows) error { return rows.Scan(into) }
}

// scanCount reads rows of a key and a number.
func scanCount(into func(key int64, n int)) func(pgx.Rows) error {
	var key int64
	var n int
	return func(rows pgx.Rows) error {
		err := rows.Scan(&key, &n)
		into(key, n)
		return err
	}
}
