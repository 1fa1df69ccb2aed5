package edu

import (
	"fmt"
	"io"
	"strings"
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

// UserError is a problem with the input of a mutation. It is returned beside the payload. A
// mutation with user errors writes nothing.
type UserError struct {
	Code    UserErrorCode
	Message string
	Field   []string // the path from the argument on, indexes included
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

// UserErrorf returns UserErrors with one problem at the path.
func (p InputPath) UserErrorf(code UserErrorCode, format string, args ...any) UserErrors {
	return UserErrors{{Code: code, Message: fmt.Sprintf(format, args...), Field: p}}
}
