// Package validate validates the input of mutations and normalizes it for the store. It collects all
// problems, each with the path to its field, so that the caller can correct them all at once.
package validate

import (
	"slices"
	"strings"

	"github.com/7p-education/api/edu"
)

// maxProblems limits the problems that are reported: an import of 10,000 rows can have many more.
const maxProblems = 100

// Input validates the fields below a path. Copies of an Input share their problems.
type Input struct {
	path     edu.InputPath
	problems *edu.UserErrors
}

// New returns an Input for the fields of an argument, e.g. "input", or for the arguments themselves if
// argument is omitted.
func New(argument ...string) Input {
	return Input{path: argument, problems: new(edu.UserErrors)}
}

// AtPath returns an Input for the fields of a nested field or list element.
func (in Input) AtPath(below ...any) Input {
	return Input{path: in.path.Subpath(below...), problems: in.problems}
}

// FieldPath returns the path to a field.
func (in Input) FieldPath(field string) edu.InputPath { return in.path.Subpath(field) }

// Problems returns the problems found until now.
func (in Input) Problems() edu.UserErrors { return *in.problems }

// Err returns the problems found until now, as edu.UserErrors, or nil if there are none.
func (in Input) Err() error {
	if len(*in.problems) == 0 {
		return nil
	}
	return *in.problems
}

// LimitReached reports whether maxProblems problems were found. Further ones are dropped, so validation
// can stop.
func (in Input) LimitReached() bool { return len(*in.problems) >= maxProblems }

// RejectField adds a problem with the code INVALID at a field. The
// template has the names of the values in braces: see edu.NewUserError.
func (in Input) RejectField(field, template string, values ...any) {
	in.addProblem(edu.UserInvalid, field, template, values...)
}

// RejectPassword adds a problem with the code WEAK_PASSWORD at a field.
func (in Input) RejectPassword(field, template string, values ...any) {
	in.addProblem(edu.UserWeakPassword, field, template, values...)
}

func (in Input) addProblem(code edu.UserErrorCode, field, template string, values ...any) {
	if !in.LimitReached() {
		*in.problems = append(*in.problems, edu.NewUserError(code, in.FieldPath(field), template, values...))
	}
}

// ValidateID returns the key of an id. The id must be of the given kind.
func (in Input) ValidateID(field string, id edu.ID, kind edu.Kind) int64 {
	key, err := id.KeyForKind(kind)
	if err != nil {
		in.RejectField(field, "must be the id of a {kind}, exactly as this API returned it", kind)
	}
	return key
}

// ValidateRange returns a number. It must be from minimum to maximum.
func (in Input) ValidateRange(field string, n, minimum, maximum int) int {
	if n < minimum || n > maximum {
		in.RejectField(field, "must be from {min} to {max}; it is {actual}", minimum, maximum, n)
	}
	return n
}

// ValidateCount checks the number of elements of a list. It must be from minimum to maximum.
func (in Input) ValidateCount(field string, n, minimum, maximum int) {
	if n < minimum || n > maximum {
		in.RejectField(field, "must have from {min} to {max} elements; it has {actual}", minimum, maximum, n)
	}
}

// ValidateOneOf returns a text. It must be one of the choices.
func (in Input) ValidateOneOf(field, value string, choices ...string) string {
	if !slices.Contains(choices, value) {
		in.RejectField(field, "must be one of {choices}", strings.Join(choices, ", "))
	}
	return value
}
