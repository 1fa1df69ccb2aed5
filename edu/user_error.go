package edu

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// UserErrorCode is the machine-readable code of a UserError.
type UserErrorCode string

// The codes of user errors.
const (
	UserInvalid            UserErrorCode = "INVALID"
	UserNotFound           UserErrorCode = "NOT_FOUND"
	UserAlreadyExists      UserErrorCode = "ALREADY_EXISTS"
	UserNotPublished       UserErrorCode = "NOT_PUBLISHED"
	UserNotEnrolled        UserErrorCode = "NOT_ENROLLED"
	UserForbidden          UserErrorCode = "FORBIDDEN"
	UserWeakPassword       UserErrorCode = "WEAK_PASSWORD"
	UserInvalidCredentials UserErrorCode = "INVALID_CREDENTIALS" //nolint:gosec // not a credential
)

// MarshalGQL writes the value as a JSON string.
func (c UserErrorCode) MarshalGQL(w io.Writer) { marshalEnum(w, string(c)) }

// UnmarshalGQL accepts exactly one of the values.
func (c *UserErrorCode) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, c, UserInvalid, UserNotFound, UserAlreadyExists, UserNotPublished, UserNotEnrolled,
		UserForbidden, UserWeakPassword, UserInvalidCredentials)
}

// UserError is a problem with the input of a mutation. It is returned beside the payload. What it is about
// is not written.
type UserError struct {
	Code       UserErrorCode
	Message    string
	Template   string // the message with the names of the parameters in braces
	Parameters []UserErrorParameter
	Field      []string // the path from the argument on, indexes included
}

// UserErrorParameter is a value within the message of a UserError.
type UserErrorParameter struct{ Name, Value string }

// parameterPattern matches the place of a parameter in a template.
var parameterPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-z][A-Za-z]*\}`) })

// NewUserError returns a problem at a path. The template has the names of parameters in braces; values are
// theirs, in the same order. A program can choose the translation of a message by its template.
func NewUserError(code UserErrorCode, path InputPath, template string, values ...any) *UserError {
	parameters := make([]UserErrorParameter, 0, len(values))
	message := parameterPattern().ReplaceAllStringFunc(template, func(place string) string {
		value := fmt.Sprint(values[len(parameters)])
		parameters = append(parameters, UserErrorParameter{Name: strings.Trim(place, "{}"), Value: value})
		return value
	})
	return &UserError{Code: code, Message: message, Template: template, Parameters: parameters, Field: path}
}

// UserErrors is the list of problems of one mutation, as an error.
type UserErrors []*UserError

// Error joins the messages.
func (e UserErrors) Error() string {
	all := make([]string, len(e))
	for i, one := range e {
		all[i] = strings.Join(one.Field, ".") + ": " + one.Message
	}
	return strings.Join(all, "; ")
}

// InputPath is the path to a field of a mutation's input.
type InputPath []string

// Subpath returns the path extended by fields or indexes.
func (p InputPath) Subpath(below ...any) InputPath {
	path := make(InputPath, len(p), len(p)+len(below))
	copy(path, p)
	for _, step := range below {
		path = append(path, fmt.Sprint(step))
	}
	return path
}

// Reject returns UserErrors with one problem at the path: see NewUserError.
func (p InputPath) Reject(code UserErrorCode, template string, values ...any) UserErrors {
	return UserErrors{NewUserError(code, p, template, values...)}
}
