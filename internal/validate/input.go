// Package check looks over what a mutation's caller sent and makes it fit to be
// stored. It gathers all problems, each at its field, so that the caller can put
// everything right at once. It must never know of a database.
package validate

import (
	"fmt"
	"slices"

	"github.com/7p-education/api/edu"
)

// maxProblems is how many problems are told: with 10,000 rows the first will do.
const maxProblems = 100

// Input checks the fields below a path.
type Input struct {
	path     edu.InputPath
	problems *edu.UserErrors
}

// New starts to check the fields below an argument, e.g. "input", or the arguments
// themselves if none is named.
func New(argument ...string) Input {
	return Input{path: argument, problems: new(edu.UserErrors)}
}

// AtPath checks the fields below a field, or below an element of one.
func (in Input) AtPath(below ...any) Input {
	return Input{path: in.path.Subpath(below...), problems: in.problems}
}

// FieldPath returns the path to a field.
func (in Input) FieldPath(field string) edu.InputPath { return in.path.Subpath(field) }

// Err returns the problems found so far, as edu.UserErrors, or nil for none.
func (in Input) Err() error {
	if len(*in.problems) == 0 {
		return nil
	}
	return *in.problems
}

// LimitReached tells whether no more problems will be told: checking on is a waste.
func (in Input) LimitReached() bool { return len(*in.problems) >= maxProblems }

// RejectField notes that a field is not what it must be.
func (in Input) RejectField(field, format string, args ...any) {
	in.addProblem(edu.UserInvalid, field, fmt.Sprintf(format, args...))
}

// RejectPassword notes that a password is too weak.
func (in Input) RejectPassword(field, message string) {
	in.addProblem(edu.UserWeakPassword, field, message)
}

func (in Input) addProblem(code edu.UserErrorCode, field, message string) {
	if !in.LimitReached() {
		*in.problems = append(*in.problems, &edu.UserError{Code: code, Message: message, Field: in.FieldPath(field)})
	}
}

// ValidateID returns the key of an id that must be of a kind.
func (in Input) ValidateID(field string, id edu.ID, kind edu.Kind) int64 {
	key, err := id.KeyForKind(kind)
	if err != nil {
		in.RejectField(field, "this is not the id of a %s: send one back as an answer gave it", kind)
	}
	return key
}

// ValidateRange checks that a number lies between two others.
func (in Input) ValidateRange(field string, n, least, most int) int {
	if n < least || n > most {
		in.RejectField(field, "this must be from %d to %d; it is %d", least, most, n)
	}
	return n
}

// ValidateCount checks how many elements a list has.
func (in Input) ValidateCount(field string, n, least, most int) {
	if n < least || n > most {
		in.RejectField(field, "this must hold from %d to %d elements; it holds %d", least, most, n)
	}
}

// ValidateOneOf checks that a text is one of some.
func (in Input) ValidateOneOf(field, value string, choices ...string) string {
	if !slices.Contains(choices, value) {
		in.RejectField(field, "this must be one of %v", choices)
	}
	return value
}
