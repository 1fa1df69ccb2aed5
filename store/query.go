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
	text        strings.Builder
	args        []any
	tags        []tagDependency
	tagBuffer   [4]tagDependency // for tags, which are few
	scannedTags *[]edu.Tag       // see Query
}

// newStatement starts a statement. Its name, as a comment, is what logs, spans and
// pg_stat_statements show.
func newStatement(name string, parts ...string) *statement {
	s := &statement{}
	s.tags = s.tagBuffer[:0]
	s.text.Grow(1024)
	s.text.WriteString("-- name: ")
	s.text.WriteString(name)
	s.text.WriteByte('\n')
	return s.addSQL(parts...)
}

// addSQL appends text.
func (s *statement) addSQL(parts ...string) *statement {
	for _, p := range parts {
		s.text.WriteString(p)
	}
	return s
}

// bindArg adds a parameter and returns its place, e.g. $2.
func (s *statement) bindArg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// addCondition appends a condition with one parameter, whose place is %.
func (s *statement) addCondition(condition string, v any) *statement {
	before, after, _ := strings.Cut(condition, "%")
	return s.addSQL(" AND ", before, s.bindArg(v), after)
}

// buildQuery makes a Query of the statement. Rows are read by scan, and have a tag each
// where there is a key.
func (s *statement) buildQuery(scan func(pgx.Rows) error, key ...rowTag) Query {
	q := Query{sql: s.text.String(), args: s.args, tags: s.tags, scannedTags: s.scannedTags, scan: scan}
	if len(key) > 0 {
		q.rowTag = key[0]
	}
	return q
}

// addPageClause appends the end of a list: its range, order and length. Key is the SQL
// of what the order sorts by, never null, and id breaks ties. One row more than
// wanted is read, to tell whether there are more. A range is a row comparison,
// which one index serves: 0.2 ms at row 300,000, where the same condition
// written with OR takes 114 ms.
func (s *statement) addPageClause(o edu.SortOrder, key, id string, p edu.PageArgs) *statement {
	beyond, short := " > (", " < ("
	if o.Desc {
		beyond, short = short, beyond
	}
	bound := func(at edu.Cursor, operator string) {
		if at.Order != "" {
			s.addSQL(" AND (", key, ", ", id, ")", operator, s.bindArg(at.Value.QueryParameter()), valueCasts[o.Kind], ", ", s.bindArg(at.ID), ")")
		}
	}
	after, before := p.CursorBounds(o)
	bound(after, beyond)
	bound(before, short)
	direction := " ASC"
	if o.Desc != p.Backward {
		direction = " DESC"
	}
	return s.addSQL(" ORDER BY ", key, direction, ", ", id, direction, " LIMIT ", s.bindArg(p.Limit+1))
}

// valueCasts tells PostgreSQL what a cursor's value is.
var valueCasts = map[edu.SortValueKind]string{
	edu.IntValue: "::bigint", edu.FloatValue: "::float8", edu.TextValue: "::text",
	edu.DecimalValue: "::numeric", edu.TimeValue: "::timestamptz",
}

func scanNumber(into *int) func(pgx.Rows) error {
	return func(rows pgx.Rows) error { return rows.Scan(into) }
}

func scanInt64(into *int64) func(pgx.Rows) error {
	return func(rows pgx.Rows) error { return rows.Scan(into) }
}

// scanKeyedCount reads rows of a key and a number.
func scanKeyedCount(into func(key int64, n int)) func(pgx.Rows) error {
	var key int64
	var n int
	return func(rows pgx.Rows) error {
		err := rows.Scan(&key, &n)
		into(key, n)
		return err
	}
}
