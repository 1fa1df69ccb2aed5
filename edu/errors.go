package edu

import "fmt"

// Code is what a program reads to decide what to do about an error; it is sent
// as extensions.code. A Code is itself an error, so errors.Is(err, NotFound)
// holds however often err was wrapped.
type Code string

// The codes that resolvers and the store may answer with. The transport adds
// those of GraphQL over HTTP.
const (
	BadUserInput    Code = "BAD_USER_INPUT"
	Forbidden       Code = "FORBIDDEN"
	Unauthenticated Code = "UNAUTHENTICATED"
	NotFound        Code = "NOT_FOUND"
	Conflict        Code = "CONFLICT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "SERVICE_UNAVAILABLE"
)

// Error returns the code, which makes a Code usable as a target of errors.Is.
func (c Code) Error() string { return string(c) }

// Error is a problem that the caller may be told of: Message is shown as it is.
// Any other error is shown as an internal one.
type Error struct {
	Code    Code
	Message string
	// RetryAfter is in how many seconds it may go well, sent as
	// extensions.retryAfter; 0 where nobody knows.
	RetryAfter int
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the code, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Code }

// Errorf makes an *Error from a format and its arguments.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
