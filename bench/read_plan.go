package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

const (
	planSeed     = 7
	planLength   = 512 // requests of an operation, which are then repeated
	maxListPages = 8   // of one list that a client reads
)

// sendFunc sends a request and returns the response.
type sendFunc func(context.Context, request) ([]byte, error)

// requestPlanner draws requests. Draws depend only on the data and on the seed.
type requestPlanner struct {
	send   sendFunc
	random *rand.Rand

	slugs      []string
	words      [][]string // searchable words of each title
	tags       []string
	categories []int64
	viewers    []edu.Viewer // students with at least one enrollment
}

// planRequests returns the requests of each operation, in the order of sending. It sends requests for
// lists, because later pages require the cursor of the page before.
func planRequests(ctx context.Context, pool *pgxpool.Pool, send sendFunc) (map[string][]request, error) {
	p := &requestPlanner{send: send, random: rand.New(rand.NewPCG(planSeed, 0))}
	if err := p.readDataset(ctx, pool); err != nil {
		return nil, fmt.Errorf("read the data to request: %w", err)
	}
	draw := map[string]func(context.Context, operation) ([]request, error){
		"Catalog": p.drawCatalog, "CoursePage": p.drawCoursePage, "Search": p.drawSearch, "MyDashboard": p.drawDashboard, "BrowseTree": p.drawBrowseTree,
	}
	plans := map[string][]request{}
	for _, op := range operations {
		var requests []request
		for len(requests) < planLength {
			more, err := draw[op.name](ctx, op)
			if err != nil {
				return nil, fmt.Errorf("plan %s: %w", op.name, err)
			}
			requests = append(requests, more...)
		}
		// The shuffle separates the pages of a list, which would find the same rows in PostgreSQL's cache.
		p.random.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
		plans[op.name] = requests[:planLength]
	}
	return plans, nil
}

func (p *requestPlanner) readDataset(ctx context.Context, pool *pgxpool.Pool) error {
	var err error
	if p.slugs, err = queryColumn[string](ctx, pool, "SELECT slug FROM courses WHERE published ORDER BY id"); err != nil {
		return err
	}
	if p.tags, err = queryColumn[string](ctx, pool, "SELECT DISTINCT unnest(tags) FROM courses WHERE published ORDER BY 1"); err != nil {
		return err
	}
	if p.categories, err = queryColumn[int64](ctx, pool, "SELECT id FROM categories WHERE course_count > (SELECT least(100, avg(course_count)) FROM categories) ORDER BY id"); err != nil {
		return err
	}
	titles, err := queryColumn[string](ctx, pool, `SELECT string_agg(w.word, ' ' ORDER BY w.n) FROM courses c,
		regexp_split_to_table(lower(c.title), '[^[:alpha:]]+') WITH ORDINALITY AS w (word, n)
		WHERE c.published AND length(w.word) > 2 AND c.search_vector @@ plainto_tsquery('english', w.word)
		GROUP BY c.id ORDER BY c.id`)
	if err != nil {
		return err
	}
	for _, t := range titles {
		p.words = append(p.words, strings.Fields(t))
	}
	viewers, err := queryColumn[int64](ctx, pool, `SELECT u.id FROM users u WHERE u.active AND u.role = 'student'
		AND EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id) ORDER BY u.id`)
	for _, id := range viewers {
		p.viewers = append(p.viewers, edu.Viewer{ID: id, Role: edu.RoleStudent})
	}
	if err == nil && (len(p.slugs) == 0 || len(p.words) == 0 || len(p.categories) == 0 || len(p.viewers) == 0) {
		err = fmt.Errorf("no demo data in the database: load it with \"7p seed --scale medium\"")
	}
	return err
}

func queryColumn[T any](ctx context.Context, pool *pgxpool.Pool, sql string) ([]T, error) {
	rows, err := pool.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

func pickOne[T any](p *requestPlanner, choices []T) T { return choices[p.random.IntN(len(choices))] }

// drawFilter draws a condition that many courses meet, or in a third of the draws none.
func (p *requestPlanner) drawFilter() map[string]any {
	switch p.random.IntN(9) {
	case 0, 1:
		return map[string]any{"categoryId": edu.NewID(edu.KindCategory, pickOne(p, p.categories)).String()}
	case 2:
		return map[string]any{"difficulty": pickOne(p, []string{"BEGINNER", "INTERMEDIATE", "ADVANCED"})}
	case 3:
		return map[string]any{"price": pickOne(p, []string{"FREE", "PAID"})}
	case 4:
		return map[string]any{"minRating": pickOne(p, []float64{3.5, 4, 4.25})}
	case 5:
		return map[string]any{"tags": []string{pickOne(p, p.tags)}}
	default:
		return nil
	}
}

func (p *requestPlanner) drawCatalog(ctx context.Context, op operation) ([]request, error) {
	v := map[string]any{"first": pickOne(p, []int{10, 20, 24})}
	if f := p.drawFilter(); f != nil {
		v["filter"] = f
	}
	if p.random.IntN(3) > 0 {
		v["orderBy"] = map[string]any{
			"field":     pickOne(p, []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"}),
			"direction": pickOne(p, []string{"ASC", "DESC"}),
		}
	}
	return p.followPages(ctx, request{operation: op, variables: v}, maxListPages)
}

// drawSearch draws a search for one or two words of a title; a quarter of the searches read two pages.
func (p *requestPlanner) drawSearch(ctx context.Context, op operation) ([]request, error) {
	words := pickOne(p, p.words)
	at := p.random.IntN(len(words))
	text := words[at]
	if next := at + 1; next < len(words) && p.random.IntN(2) == 0 {
		text += " " + words[next]
	}
	v := map[string]any{"query": text}
	if p.random.IntN(4) == 0 {
		v["sort"] = pickOne(p, []string{"RATING", "ENROLLMENTS", "NEWEST"})
	}
	pages := 1
	if p.random.IntN(4) == 0 {
		pages = 2
	}
	return p.followPages(ctx, request{operation: op, variables: v}, pages)
}

func (p *requestPlanner) drawCoursePage(_ context.Context, op operation) ([]request, error) {
	r := request{operation: op, variables: map[string]any{"slug": pickOne(p, p.slugs)}}
	if p.random.IntN(2) == 0 {
		r.viewer = pickOne(p, p.viewers)
	}
	return []request{r}, nil
}

func (p *requestPlanner) drawDashboard(_ context.Context, op operation) ([]request, error) {
	return []request{{operation: op, viewer: pickOne(p, p.viewers)}}, nil
}

func (p *requestPlanner) drawBrowseTree(_ context.Context, op operation) ([]request, error) {
	return []request{{operation: op}}, nil
}

// followPages returns the requests for the first pages of a list, or for all if the list has fewer.
func (p *requestPlanner) followPages(ctx context.Context, r request, pages int) ([]request, error) {
	requests := []request{r}
	for len(requests) < pages {
		response, err := p.send(ctx, r)
		if err != nil {
			return nil, err
		}
		var a struct {
			Data map[string]struct{ PageInfo edu.PageInfo }
		}
		if err := json.Unmarshal(response, &a); err != nil {
			return nil, fmt.Errorf("read a response: %w", err)
		}
		info := a.Data[r.operation.field].PageInfo
		if !info.HasNextPage || info.EndCursor == nil {
			break
		}
		r.variables = maps.Clone(r.variables)
		r.variables["after"] = *info.EndCursor
		r.page++
		requests = append(requests, r)
	}
	return requests, nil
}
