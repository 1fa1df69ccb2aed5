package edu

// Page is one page of a list of Ts.
type Page[T any] struct {
	Nodes           []T
	HasNextPage     bool
	HasPreviousPage bool
	TotalCount      int // set only if PageArgs.CountTotal is

	cursorOf func(T) Cursor
}

// NewPage returns the page of rows that were read in the direction of p. If the list goes on, rows
// has one row more than p.Limit. cursor returns the cursor of a row.
func NewPage[T any](rows []T, p PageArgs, cursor func(T) Cursor) *Page[T] {
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	page := &Page[T]{Nodes: rows, cursorOf: cursor}
	if p.Backward {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
		page.HasPreviousPage, page.HasNextPage = more, p.Before != ""
	} else {
		page.HasNextPage, page.HasPreviousPage = more, p.After != ""
	}
	if page.Nodes == nil {
		page.Nodes = []T{}
	}
	return page
}

// WithTotal returns the page with the length of its list, for callers that know it without
// counting.
func (p *Page[T]) WithTotal(n int) *Page[T] {
	page := *p
	page.TotalCount = n
	return &page
}

// Edges returns the rows with their cursors.
func (p *Page[T]) Edges() []Edge[T] {
	edges := make([]Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		edges[i] = Edge[T]{Node: n, cursorOf: p.cursorOf}
	}
	return edges
}

// PageInfo returns the position of the page in its list.
func (p *Page[T]) PageInfo() PageInfo {
	info := PageInfo{HasNextPage: p.HasNextPage, HasPreviousPage: p.HasPreviousPage}
	if n := len(p.Nodes); n > 0 {
		start, end := p.cursorOf(p.Nodes[0]).String(), p.cursorOf(p.Nodes[n-1]).String()
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// Edge is a row of a page with its cursor.
type Edge[T any] struct {
	Node T

	cursorOf func(T) Cursor
}

// Cursor returns the cursor of the row, as clients see it.
func (e Edge[T]) Cursor() string { return e.cursorOf(e.Node).String() }

// PageInfo is the position of a page in its list. The cursors of an empty page are nil.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}
