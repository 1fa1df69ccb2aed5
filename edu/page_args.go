package edu

// Page sizes: the default, and the most that clients may request.
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
)

// PageArgs selects one page of a list. It is comparable, so that the same page under many parents
// is read with one statement.
type PageArgs struct {
	Limit         int     // 0 to MaxPageSize
	Backward      bool    // true selects the last rows, false the first
	CountTotal    bool    // whether to count the whole list too
	Columns       Columns // of the rows
	JoinedColumns Columns // of the entity joined to each row; 0 joins none
	After, Before string  // validated cursors, as clients sent them; "" is none
}

// ConnectionArgs holds the arguments of a connection as the client sent them.
type ConnectionArgs struct {
	First, Last   *int
	After, Before *string
}

// ParsePageArgs validates the arguments of a connection, as the Relay specification for cursors
// defines them, and returns the page that they select in a list of that order. If neither first nor
// last is set, the page has 20 rows, from the end of the list if only before is set. Arguments out
// of range, first together with last, and cursors of other lists are rejected with BadUserInput.
func (c ConnectionArgs) ParsePageArgs(o SortOrder) (PageArgs, error) {
	p := PageArgs{Limit: DefaultPageSize, Backward: c.Last != nil || (c.First == nil && c.After == nil && c.Before != nil)}
	var err error
	switch {
	case c.First != nil && c.Last != nil:
		return p, Errorf(BadUserInput, "first and last cannot be combined: use one of them")
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

// CursorBounds returns the cursors that the page lies between. A zero Cursor is no bound.
func (p PageArgs) CursorBounds(o SortOrder) (after, before Cursor) {
	// Both cursors are valid already: the only parse error is that of an empty text.
	after, _ = ParseCursor("after", p.After, o.Name, o.Kind)
	before, _ = ParseCursor("before", p.Before, o.Name, o.Kind)
	return after, before
}

// ValidateLimit validates the number of rows requested of a plain list, 1 to maximum.
func ValidateLimit(name string, n, maximum int) (int, error) {
	return validateRange(name, n, 1, maximum)
}

func validateRange(name string, n, minimum, maximum int) (int, error) {
	if n < minimum || n > maximum {
		return 0, Errorf(BadUserInput, "%s must be from %d to %d; got %d", name, minimum, maximum, n)
	}
	return n, nil
}
