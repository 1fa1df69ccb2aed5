package edu

// Category is a field of knowledge that courses belong to.
type Category struct {
	ID          int64
	Name        string
	Slug        string
	CourseCount int // published courses only
}

// GlobalID returns the global id of the category.
func (c *Category) GlobalID() ID { return NewID(KindCategory, c.ID) }

// IsNode marks a Category as a Node of the GraphQL schema.
func (*Category) IsNode() {}
