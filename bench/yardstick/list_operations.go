package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

// variables are the variables of all operations.
type variables struct {
	Slug    string
	Query   string
	Sort    edu.SearchSort
	First   *int
	After   *string
	Filter  *filter
	OrderBy *edu.CourseOrder
}

// filter has the filters of a catalog that the benchmark uses; it does not filter searches.
type filter struct {
	CategoryID *string
	Difficulty *edu.Difficulty
	Price      *edu.PriceFilter
	MinRating  *float64
	Tags       []string
}

// pageEnd is the end of a page: the sort value and the id of its last row. All fields are nil on an empty
// page.
type pageEnd struct {
	integer *int64
	float   *float64
	text    *string
	time    *time.Time
	id      *int64
}

// scanTarget returns the field for a sort value of a kind.
func (p *pageEnd) scanTarget(k edu.SortValueKind) any {
	switch k {
	case edu.IntValue:
		return &p.integer
	case edu.FloatValue:
		return &p.float
	case edu.TimeValue:
		return &p.time
	default:
		return &p.text
	}
}

// encodeCursor returns the cursor of the end as JSON. PostgreSQL cannot build it, because of its
// checksum.
func (p *pageEnd) encodeCursor(o edu.SortOrder) string {
	at := edu.Cursor{Order: o.Name}
	switch {
	case p.id == nil:
		return "null"
	case p.integer != nil:
		at.Value = edu.NewIntValue(*p.integer)
	case p.float != nil:
		at.Value = edu.NewFloatValue(*p.float)
	case p.time != nil:
		at.Value = edu.NewTimeValue(*p.time)
	case o.Kind == edu.DecimalValue:
		at.Value = edu.NewDecimalValue(edu.Decimal(*p.text))
	default:
		at.Value = edu.NewTextValue(*p.text)
	}
	at.ID = *p.id
	return `"` + at.String() + `"`
}

// sqlBuilder replaces the placeholders of a statement, which look like comments, and collects its
// arguments.
type sqlBuilder struct {
	replacements []string
	args         []any
}

func (b *sqlBuilder) fillPlaceholder(name, sql string) {
	b.replacements = append(b.replacements, "/*"+name+"*/", sql)
}

func (b *sqlBuilder) addArgument(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

// afterCondition returns the condition that a row comes after the cursor.
func (b *sqlBuilder) afterCondition(o edu.SortOrder, key, id string, cursor *string) (string, error) {
	if cursor == nil {
		return "", nil
	}
	at, err := edu.ParseCursor("after", *cursor, o.Name, o.Kind)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errBadRequest, err)
	}
	operator := ">"
	if o.Desc {
		operator = "<"
	}
	kind := map[edu.SortValueKind]string{
		edu.IntValue: "bigint", edu.FloatValue: "float8", edu.TextValue: "text", edu.DecimalValue: "numeric", edu.TimeValue: "timestamptz",
	}[o.Kind]
	return fmt.Sprintf(" AND (%s, %s) %s (%s::%s, %s)", key, id, operator, b.addArgument(at.Value.QueryParameter()), kind, b.addArgument(at.ID)), nil
}

func (b *sqlBuilder) renderSQL(statement string) string {
	return strings.NewReplacer(b.replacements...).Replace(statement)
}

// filterConditions returns the filter as SQL.
func (b *sqlBuilder) filterConditions(f *filter) (string, error) {
	if f == nil {
		return "", nil
	}
	var sql strings.Builder
	if f.CategoryID != nil {
		id, err := edu.ParseID(*f.CategoryID)
		if err != nil {
			return "", fmt.Errorf("%w: %w", errBadRequest, err)
		}
		sql.WriteString(" AND c.category_id = " + b.addArgument(id.Key))
	}
	if f.Difficulty != nil {
		sql.WriteString(" AND c.difficulty = " + b.addArgument(strings.ToLower(string(*f.Difficulty))))
	}
	if f.Price != nil {
		sql.WriteString(map[edu.PriceFilter]string{edu.PriceFree: " AND c.price = 0", edu.PricePaid: " AND c.price > 0"}[*f.Price])
	}
	if f.MinRating != nil {
		sql.WriteString(" AND coalesce(c.rating_average, 0) >= " + b.addArgument(*f.MinRating))
	}
	if f.Tags != nil {
		sql.WriteString(" AND c.tags @> " + b.addArgument(f.Tags))
	}
	return sql.String(), nil
}

// totalCountSQL returns the SQL for the length of a catalog. It reads the counters of the categories if
// they suffice.
func (f *filter) totalCountSQL(conditions string) string {
	switch {
	case f == nil:
		return "SELECT coalesce(sum(k.course_count), 0)::bigint FROM categories k"
	case f.CategoryID != nil && f.Difficulty == nil && f.Price == nil && f.MinRating == nil && f.Tags == nil:
		return "SELECT k.course_count::bigint FROM categories k WHERE k.id = $1"
	default:
		return "SELECT count(*) FROM courses c WHERE c.published" + conditions
	}
}

var courseOrderColumns = map[edu.CourseOrderField]string{
	edu.CoursesByPublishedAt: "c.published_at", edu.CoursesByTitle: "c.title", edu.CoursesByPrice: "c.price",
	edu.CoursesByRating: "coalesce(c.rating_average, 0)", edu.CoursesByEnrollments: "c.enrollment_count",
}

func newCatalogOperation(statement string) operationFunc {
	return func(ctx context.Context, db *pgxpool.Pool, q operationRequest) ([]byte, error) {
		v, b := q.Variables, &sqlBuilder{}
		where, err := b.filterConditions(v.Filter) // adds the first arguments
		if err != nil {
			return nil, err
		}
		o, key := v.OrderBy.SortOrder(), courseOrderColumns[v.OrderBy.OrDefault().Field]
		after, err := b.afterCondition(o, key, "c.id", v.After)
		if err != nil {
			return nil, err
		}
		direction := " ASC"
		if o.Desc {
			direction = " DESC"
		}
		b.fillPlaceholder("total", v.Filter.totalCountSQL(where))
		b.fillPlaceholder("where", where)
		b.fillPlaceholder("after", after)
		b.fillPlaceholder("order", key+direction+", c.id"+direction)
		if o.Kind == edu.DecimalValue {
			key += "::text"
		}
		b.fillPlaceholder("key", key)
		b.fillPlaceholder("first", b.addArgument(pageSize(v.First))+"::int")
		var total int64
		var more bool
		var nodes []byte
		var end pageEnd
		if err := db.QueryRow(ctx, b.renderSQL(statement), b.args...).Scan(&total, &more, &nodes, end.scanTarget(o.Kind), &end.id); err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, `{"courses":{"totalCount":%d,"pageInfo":{"hasNextPage":%t,"endCursor":%s},"nodes":%s}}`,
			total, more, end.encodeCursor(o), nodes), nil
	}
}

var searchOrderColumns = map[edu.SearchSort]string{
	edu.SortRating: "coalesce(c.rating_average, 0)", edu.SortEnrollments: "c.enrollment_count", edu.SortNewest: "c.published_at",
}

func newSearchOperation(statement string) operationFunc {
	return func(ctx context.Context, db *pgxpool.Pool, q operationRequest) ([]byte, error) {
		v := q.Variables
		if v.Sort == "" {
			v.Sort = edu.SortRelevance
		}
		text := edu.ParseSearchQuery(v.Query)
		b := &sqlBuilder{args: []any{text.Whole, pageSize(v.First), text.PrefixRest, text.Prefix, text.Optional, text.Exact}}
		o, key := edu.SearchOrder(v.Sort.CourseOrder()), "h.score"
		if sorted, ok := searchOrderColumns[v.Sort]; ok {
			key = "h.sorted"
			b.fillPlaceholder("sorted", sorted+" AS sorted,")
		}
		after, err := b.afterCondition(o, key, "h.id", v.After)
		if err != nil {
			return nil, err
		}
		b.fillPlaceholder("after", after)
		b.fillPlaceholder("key", key)
		var total int64
		var more bool
		var facets, edges []byte
		var end pageEnd
		if err := db.QueryRow(ctx, b.renderSQL(statement), b.args...).Scan(&total, &more, &facets, &edges, end.scanTarget(o.Kind), &end.id); err != nil {
			return nil, err
		}
		// No search requires a correction: the benchmark searches only for existing words.
		return fmt.Appendf(nil, `{"searchCourses":{"totalCount":%d,"didYouMean":null,"pageInfo":{"hasNextPage":%t,"endCursor":%s},"facets":%s,"edges":%s}}`,
			total, more, end.encodeCursor(o), facets, edges), nil
	}
}

func pageSize(n *int) int {
	if n == nil {
		return edu.DefaultPageSize
	}
	return *n
}
