package edu

// SortOrder is a named order of a list: by one value, with ties broken by id in the same direction.
// The name is part of each cursor.
type SortOrder struct {
	Name string
	Kind SortValueKind
	Desc bool
}

// OrderDirection is the direction of a sort order.
type OrderDirection string

// The directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)
