package edu

// Sizes of a page: what is given where neither first nor last is said, and what
// may be asked for at most.
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
)

// SortOrder is a named order of a list: by one value, ties broken by id in the same
// direction. The name is part of each cursor.
type SortOrder struct {
	Name string
	Kind SortValueKind
	Desc bool
}

// PageArgs is one page of a list. It is comparable, so that a list under many
// parents is read once for all that want the same page.
type PageArgs struct {
	Limit         int     // rows wanted, 0 to MaxPageSize
	Backward      bool    // the last rows, not the first
	CountTotal    bool    // whether the length of the whole list is wanted too
	Columns       Columns // of the rows
	JoinedColumns Columns // of what each row leads to, read with it; none is not at all
	After, Before string  // cursors as clients sent them, checked; "" is none
}

// ConnectionArgs holds the arguments of a connection as the caller gave them.
type ConnectionArgs struct {
	First, Last   *int
	After, Before *string
}

// ParsePageArgs checks a connection's arguments as the Relay specification for cursors
// has them and returns the page they ask for in a list of that order: 20 rows
// where neither first nor last is given, from the end if there is only a
// before. Arguments out of range, first with last and foreign cursors are
// refused with BadUserInput.
func (c ConnectionArgs) ParsePageArgs(o SortOrder) (PageArgs, error) {
	p := PageArgs{Limit: DefaultPageSize, Backward: c.Last != nil || (c.First == nil && c.After == nil && c.Before != nil)}
	var err error
	switch {
	case c.First != nil && c.Last != nil:
		return p, Errorf(BadUserInput, "first and last cannot be given together: ask for one end of the list")
	case c.First != nil:
		p.Limit, err = validateRange("first", *c.First, 0, MaxPageSize)
	case c.Last != nil:
		p.Limit, err = validateRange("last", *c.Last, 0, MaxPageSize)
	}
	if err != nil {
		return p, err
	}
	if c.After != nil {
		if _, err = ParseCursor("after", *c.After, o.Name, o.Kind); err != nil {
			return p, err
		}
		p.After = *c.After
	}
	if c.Before != nil {
		if _, err = ParseCursor("before", *c.Before, o.Name, o.Kind); err != nil {
			return p, err
		}
		p.Before = *c.Before
	}
	return p, nil
}

// CursorBounds returns the places that the page lies between; a zero Cursor is none.
func (p PageArgs) CursorBounds(o SortOrder) (after, before Cursor) {
	// They were checked: an empty text alone is no cursor.
	after, _ = ParseCursor("after", p.After, o.Name, o.Kind)
	before, _ = ParseCursor("before", p.Before, o.Name, o.Kind)
	return after, before
}

// ValidateLimit checks how many rows of a plain list are asked for, 1 to most.
func ValidateLimit(name string, n, most int) (int, error) { return validateRange(name, n, 1, most) }

func validateRange(name string, n, least, most int) (int, error) {
	if n < least || n > most {
		return 0, Errorf(BadUserInput, "%s must be %d to %d; %d was given", name, least, most, n)
	}
	return n, nil
}

// Page is one page of a list of Ts.
type Page[T any] struct {
	Nodes           []T
	HasNextPage     bool
	HasPreviousPage bool
	TotalCount      int // only where PageArgs.CountTotal asked for it

	cursorOf func(T) Cursor
}

// NewPage makes a page of rows that were read in the direction of p, one more
// than p.Limit where there are more. cursor tells a row's place.
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

// WithTotal returns the page with the length of its list, which the caller
// knows without counting.
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

// PageInfo tells where the page stands.
func (p *Page[T]) PageInfo() PageInfo {
	info := PageInfo{HasNextPage: p.HasNextPage, HasPreviousPage: p.HasPreviousPage}
	if n := len(p.Nodes); n > 0 {
		start, end := p.cursorOf(p.Nodes[0]).String(), p.cursorOf(p.Nodes[n-1]).String()
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// Edge is a row of a page and its place.
type Edge[T any] struct {
	Node T

	cursorOf func(T) Cursor
}

// Cursor returns the row's place, as clients see it.
func (e Edge[T]) Cursor() string { return e.cursorOf(e.Node).String() }

// PageInfo is where a page stands in its list; the cursors are nil on an empty
// page.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}
