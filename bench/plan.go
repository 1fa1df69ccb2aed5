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
	planLength   = 512 // requests of an operation before they come round again
	pagesOfAList = 8   // that one client turns
)

// ask sends a request and returns the answer.
type ask func(context.Context, request) ([]byte, error)

// planner draws requests. Its draws depend on the data and on the seed alone.
type planner struct {
	ask  ask
	dice *rand.Rand

	slugs      []string
	words      [][]string // that can be searched for, by title
	tags       []string
	categories []int64
	viewers    []edu.Viewer // who take a course at least
}

// plan returns the requests of each operation, in the order that they are sent
// in, over and over. Pages after the first need the cursor of the one before
// them, for which the server is asked.
func plan(ctx context.Context, pool *pgxpool.Pool, ask ask) (map[string][]request, error) {
	p := &planner{ask: ask, dice: rand.New(rand.NewPCG(planSeed, 0))}
	if err := p.read(ctx, pool); err != nil {
		return nil, fmt.Errorf("read what to ask for: %w", err)
	}
	draw := map[string]func(context.Context, operation) ([]request, error){
		"Catalog": p.catalog, "CoursePage": p.coursePage, "Search": p.search, "MyDashboard": p.dashboard, "BrowseTree": p.browseTree,
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
		// Pages of one list must not follow each other in the caches.
		p.dice.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
		plans[op.name] = requests[:planLength]
	}
	return plans, nil
}

func (p *planner) read(ctx context.Context, pool *pgxpool.Pool) error {
	var err error
	if p.slugs, err = column[string](ctx, pool, "SELECT slug FROM courses WHERE published ORDER BY id"); err != nil {
		return err
	}
	if p.tags, err = column[string](ctx, pool, "SELECT DISTINCT unnest(tags) FROM courses WHERE published ORDER BY 1"); err != nil {
		return err
	}
	if p.categories, err = column[int64](ctx, pool, "SELECT id FROM categories WHERE course_count > 100 ORDER BY id"); err != nil {
		return err
	}
	titles, err := column[string](ctx, pool, `SELECT string_agg(w.word, ' ' ORDER BY w.n) FROM courses c,
		regexp_split_to_table(lower(c.title), '[^[:alpha:]]+') WITH ORDINALITY AS w (word, n)
		WHERE c.published AND length(w.word) > 2 AND numnode(plainto_tsquery('english', w.word)) > 0
		GROUP BY c.id ORDER BY c.id`)
	if err != nil {
		return err
	}
	for _, t := range titles {
		p.words = append(p.words, strings.Fields(t))
	}
	viewers, err := column[int64](ctx, pool, `SELECT u.id FROM users u WHERE u.active AND u.role = 'student'
		AND EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id) ORDER BY u.id`)
	for _, id := range viewers {
		p.viewers = append(p.viewers, edu.Viewer{ID: id, Role: edu.RoleStudent})
	}
	if err == nil && (len(p.slugs) == 0 || len(p.words) == 0 || len(p.categories) == 0 || len(p.viewers) == 0) {
		err = fmt.Errorf("the database holds no demo data: load it with \"7p seed --scale medium\"")
	}
	return err
}

func column[T any](ctx context.Context, pool *pgxpool.Pool, sql string) ([]T, error) {
	rows, err := pool.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

func one[T any](p *planner, of []T) T { return of[p.dice.IntN(len(of))] }

// filter draws a condition that many courses meet; every third time none.
func (p *planner) filter() map[string]any {
	switch p.dice.IntN(9) {
	case 0, 1:
		return map[string]any{"categoryId": edu.NewID(edu.KindCategory, one(p, p.categories)).String()}
	case 2:
		return map[string]any{"difficulty": one(p, []string{"BEGINNER", "INTERMEDIATE", "ADVANCED"})}
	case 3:
		return map[string]any{"price": one(p, []string{"FREE", "PAID"})}
	case 4:
		return map[string]any{"minRating": one(p, []float64{3.5, 4, 4.25})}
	case 5:
		return map[string]any{"tags": []string{one(p, p.tags)}}
	default:
		return nil
	}
}

func (p *planner) catalog(ctx context.Context, op operation) ([]request, error) {
	v := map[string]any{"first": one(p, []int{10, 20, 24})}
	if f := p.filter(); f != nil {
		v["filter"] = f
	}
	if p.dice.IntN(3) > 0 {
		v["orderBy"] = map[string]any{
			"field":     one(p, []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"}),
			"direction": one(p, []string{"ASC", "DESC"}),
		}
	}
	return p.turn(ctx, request{operation: op, variables: v}, pagesOfAList)
}

// search draws one word of a title or two, and now and then turns the page.
func (p *planner) search(ctx context.Context, op operation) ([]request, error) {
	words := one(p, p.words)
	at := p.dice.IntN(len(words))
	text := words[at]
	if next := at + 1; next < len(words) && p.dice.IntN(2) == 0 {
		text += " " + words[next]
	}
	v := map[string]any{"query": text}
	if p.dice.IntN(4) == 0 {
		v["sort"] = one(p, []string{"RATING", "ENROLLMENTS", "NEWEST"})
	}
	pages := 1
	if p.dice.IntN(4) == 0 {
		pages = 2
	}
	return p.turn(ctx, request{operation: op, variables: v}, pages)
}

func (p *planner) coursePage(_ context.Context, op operation) ([]request, error) {
	r := request{operation: op, variables: map[string]any{"slug": one(p, p.slugs)}}
	if p.dice.IntN(2) == 0 {
		r.viewer = one(p, p.viewers)
	}
	return []request{r}, nil
}

func (p *planner) dashboard(_ context.Context, op operation) ([]request, error) {
	return []request{{operation: op, viewer: one(p, p.viewers)}}, nil
}

func (p *planner) browseTree(_ context.Context, op operation) ([]request, error) {
	return []request{{operation: op}}, nil
}

// turn follows a list for some pages, or to its end.
func (p *planner) turn(ctx context.Context, r request, pages int) ([]request, error) {
	requests := []request{r}
	for len(requests) < pages {
		answer, err := p.ask(ctx, r)
		if err != nil {
			return nil, err
		}
		var a struct {
			Data map[string]struct{ PageInfo edu.PageInfo }
		}
		if err := json.Unmarshal(answer, &a); err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		info := a.Data[r.operation.field].PageInfo
		if !info.HasNextPage || info.EndCursor == nil {
			break
		}
		r.variables = maps.Clone(r.variables)
		r.variables["after"] = *info.EndCursor
		requests = append(requests, r)
	}
	return requests, nil
}
