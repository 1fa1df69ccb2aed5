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

// variables are those of all operations.
type variables struct {
	Slug    string
	Query   string
	Sort    edu.SearchSort
	First   *int
	After   *string
	Filter  *filter
	OrderBy *edu.CourseOrder
}

// filter is what the benchmark filters a catalog by; it filters no search.
type filter struct {
	CategoryID *string
	Difficulty *edu.Difficulty
	Price      *edu.PriceFilter
	MinRating  *float64
	Tags       []string
}

// place is where a page ends: what the list is ordered by there, and the id. All
// are nil on an empty page.
type place struct {
	integer *int64
	float   *float64
	text    *string
	time    *time.Time
	id      *int64
}

// value is where a value of a kind is read into.
func (p *place) value(k edu.ValueKind) any {
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

// cursor is the place as clients see it, in JSON. PostgreSQL cannot make it: it
// ends with a checksum.
func (p *place) cursor(o edu.Order) string {
	at := edu.Cursor{Order: o.Name}
	switch {
	case p.id == nil:
		return "null"
	case p.integer != nil:
		at.Value = edu.IntOf(*p.integer)
	case p.float != nil:
		at.Value = edu.FloatOf(*p.float)
	case p.time != nil:
		at.Value = edu.TimeOf(*p.time)
	case o.Kind == edu.DecimalValue:
		at.Value = edu.DecimalOf(edu.Decimal(*p.text))
	default:
		at.Value = edu.TextOf(*p.text)
	}
	at.ID = *p.id
	return `"` + at.String() + `"`
}

// builder fills the gaps of a statement, which look like comments, and gathers
// its parameters.
type builder struct {
	gaps []string
	args []any
}

func (b *builder) fill(gap, sql string) { b.gaps = append(b.gaps, "/*"+gap+"*/", sql) }

func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

// after is the condition that a row comes after the cursor.
func (b *builder) after(o edu.Order, key, id string, cursor *string) (string, error) {
	if cursor == nil {
		return "", nil
	}
	at, err := edu.ParseCursor("after", *cursor, o.Name, o.Kind)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAsked, err)
	}
	operator := ">"
	if o.Desc {
		operator = "<"
	}
	kind := map[edu.ValueKind]string{
		edu.IntValue: "bigint", edu.FloatValue: "float8", edu.TextValue: "text", edu.DecimalValue: "numeric", edu.TimeValue: "timestamptz",
	}[o.Kind]
	return fmt.Sprintf(" AND (%s, %s) %s (%s::%s, %s)", key, id, operator, b.arg(at.Value.Any()), kind, b.arg(at.ID)), nil
}

func (b *builder) sql(statement string) string {
	return strings.NewReplacer(b.gaps...).Replace(statement)
}

// conditions is the filter as SQL.
func (b *builder) conditions(f *filter) (string, error) {
	if f == nil {
		return "", nil
	}
	var sql strings.Builder
	if f.CategoryID != nil {
		id, err := edu.ParseID(*f.CategoryID)
		if err != nil {
			return "", fmt.Errorf("%w: %w", errAsked, err)
		}
		sql.WriteString(" AND c.category_id = " + b.arg(id.Key))
	}
	if f.Difficulty != nil {
		sql.WriteString(" AND c.difficulty = " + b.arg(strings.ToLower(string(*f.Difficulty))))
	}
	if f.Price != nil {
		sql.WriteString(map[edu.PriceFilter]string{edu.PriceFree: " AND c.price = 0", edu.PricePaid: " AND c.price > 0"}[*f.Price])
	}
	if f.MinRating != nil {
		sql.WriteString(" AND coalesce(c.rating_average, 0) >= " + b.arg(*f.MinRating))
	}
	if f.Tags != nil {
		sql.WriteString(" AND c.tags @> " + b.arg(f.Tags))
	}
	return sql.String(), nil
}

// total is the SQL of the length of a catalog; where the categories' counters
// know, they are asked.
func (f *filter) total(conditions string) string {
	switch {
	case f == nil:
		return "SELECT coalesce(sum(k.course_count), 0)::bigint FROM categories k"
	case f.CategoryID != nil && f.Difficulty == nil && f.Price == nil && f.MinRating == nil && f.Tags == nil:
		return "SELECT k.course_count::bigint FROM categories k WHERE k.id = $1"
	default:
		return "SELECT count(*) FROM courses c WHERE c.published" + conditions
	}
}

var courseKeys = map[edu.CourseOrderField]string{
	edu.CoursesByPublishedAt: "c.published_at", edu.CoursesByTitle: "c.title", edu.CoursesByPrice: "c.price",
	edu.CoursesByRating: "coalesce(c.rating_average, 0)", edu.CoursesByEnrollments: "c.enrollment_count",
}

func catalog(statement string) operation {
	return func(ctx context.Context, db *pgxpool.Pool, q asked) ([]byte, error) {
		v, b := q.Variables, &builder{}
		where, err := b.conditions(v.Filter) // its parameters are the first
		if err != nil {
			return nil, err
		}
		o, key := v.OrderBy.Order(), courseKeys[v.OrderBy.OrDefault().Field]
		after, err := b.after(o, key, "c.id", v.After)
		if err != nil {
			return nil, err
		}
		direction := " ASC"
		if o.Desc {
			direction = " DESC"
		}
		b.fill("total", v.Filter.total(where))
		b.fill("where", where)
		b.fill("after", after)
		b.fill("order", key+direction+", c.id"+direction)
		if o.Kind == edu.DecimalValue {
			key += "::text"
		}
		b.fill("key", key)
		b.fill("first", b.arg(first(v.First))+"::int")
		var total int64
		var more bool
		var nodes []byte
		var end place
		if err := db.QueryRow(ctx, b.sql(statement), b.args...).Scan(&total, &more, &nodes, end.value(o.Kind), &end.id); err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, `{"courses":{"totalCount":%d,"pageInfo":{"hasNextPage":%t,"endCursor":%s},"nodes":%s}}`,
			total, more, end.cursor(o), nodes), nil
	}
}

var searchKeys = map[edu.SearchSort]string{
	edu.SortRating: "coalesce(c.rating_average, 0)", edu.SortEnrollments: "c.enrollment_count", edu.SortNewest: "c.published_at",
}

func search(statement string) operation {
	return func(ctx context.Context, db *pgxpool.Pool, q asked) ([]byte, error) {
		v := q.Variables
		if v.Sort == "" {
			v.Sort = edu.SortRelevance
		}
		b := &builder{args: []any{v.Query, first(v.First)}}
		o, key := v.Sort.Order(), "h.score"
		if sorted, ok := searchKeys[v.Sort]; ok {
			key = "h.sorted"
			b.fill("sorted", sorted+" AS sorted,")
		}
		after, err := b.after(o, key, "h.id", v.After)
		if err != nil {
			return nil, err
		}
		b.fill("after", after)
		b.fill("key", key)
		var total int64
		var more bool
		var facets, edges []byte
		var end place
		if err := db.QueryRow(ctx, b.sql(statement), b.args...).Scan(&total, &more, &facets, &edges, end.value(o.Kind), &end.id); err != nil {
			return nil, err
		}
		// Nobody asks for a correction: the benchmark searches for what there is.
		return fmt.Appendf(nil, `{"searchCourses":{"totalCount":%d,"didYouMean":null,"pageInfo":{"hasNextPage":%t,"endCursor":%s},"facets":%s,"edges":%s}}`,
			total, more, end.cursor(o), facets, edges), nil
	}
}

func first(n *int) int {
	if n == nil {
		return edu.DefaultPageSize
	}
	return *n
}
