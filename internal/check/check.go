// Package check looks over what a mutation's caller sent and makes it fit to be
// stored. It gathers all problems, each at its field, so that the caller can put
// everything right at once. It must never know of a database.
package check

import (
	"fmt"
	"slices"

	"github.com/7p-education/api/edu"
)

// maxProblems is how many problems are told: with 10,000 rows the first will do.
const maxProblems = 100

// Checker checks the fields below a path.
type Checker struct {
	path     edu.InputPath
	problems *edu.UserErrors
}

// New starts to check the fields below an argument, e.g. "input", or the arguments
// themselves if none is named.
func New(argument ...string) Checker {
	return Checker{path: argument, problems: new(edu.UserErrors)}
}

// At checks the fields below a field, or below an element of one.
func (c Checker) At(below ...any) Checker {
	return Checker{path: c.path.At(below...), problems: c.problems}
}

// Path returns the path to a field.
func (c Checker) Path(field string) edu.InputPath { return c.path.At(field) }

// Err returns the problems found so far, as edu.UserErrors, or nil for none.
func (c Checker) Err() error {
	if len(*c.problems) == 0 {
		return nil
	}
	return *c.problems
}

// Full tells whether no more problems will be told: checking on is a waste.
func (c Checker) Full() bool { return len(*c.problems) >= maxProblems }

// Invalid notes that a field is not what it must be.
func (c Checker) Invalid(field, format string, args ...any) {
	c.refuse(edu.UserInvalid, field, fmt.Sprintf(format, args...))
}

// Weak notes that a password is too weak.
func (c Checker) Weak(field, message string) { c.refuse(edu.UserWeakPassword, field, message) }

func (c Checker) refuse(code edu.UserErrorCode, field, message string) {
	if !c.Full() {
		*c.problems = append(*c.problems, &edu.UserError{Code: code, Message: message, Field: c.Path(field)})
	}
}

// Key returns the key of an id that must be of a kind.
func (c Checker) Key(field string, id edu.ID, kind edu.Kind) int64 {
	key, err := id.KeyOf(kind)
	if err != nil {
		c.Invalid(field, "this is not the id of a %s: send one back as an answer gave it", kind)
	}
	return key
}

// Int checks that a number lies between two others.
func (c Checker) Int(field string, n, least, most int) int {
	if n < least || n > most {
		c.Invalid(field, "this must be from %d to %d; it is %d", least, most, n)
	}
	return n
}

// Count checks how many elements a list has.
func (c Checker) Count(field string, n, least, most int) {
	if n < least || n > most {
		c.Invalid(field, "this must hold from %d to %d elements; it holds %d", least, most, n)
	}
}

// OneOf checks that a text is one of some.
func (c Checker) OneOf(field, value string, choices ...string) string {
	if !slices.Contains(choices, value) {
		c.Invalid(field, "this must be one of %v", choices)
	}
	return value
}
