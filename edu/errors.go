package edu

import "fmt"

// Code is the machine-readable code of an error, sent as extensions.code. A Code is itself an
// error, so errors.Is(err, NotFound) holds however often err was wrapped.
type Code string

// The codes that resolvers and the store return. The transport adds those of GraphQL over HTTP.
const (
	BadUserInput    Code = "BAD_USER_INPUT"
	Forbidden       Code = "FORBIDDEN"
	Unauthenticated Code = "UNAUTHENTICATED"
	NotFound        Code = "NOT_FOUND"
	Conflict        Code = "CONFLICT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "SERVICE_UNAVAILABLE"
	OutOfRange      Code = "VALUE_OUT_OF_RANGE"
)

// Error returns the code. It makes a Code a valid target of errors.Is.
func (c Code) Error() string { return string(c) }

// Error is an error that clients may see: Message is shown as it is. Any other error is shown as an
// internal error.
type Error struct {
	Code    Code
	Message string
	// RetryAfter is the number of seconds after which a retry may succeed, sent as
	// extensions.retryAfter. It is 0 if that is unknown.
	RetryAfter int
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the code, for errors.Is.
func (e *Error) Unwrap() error { return e.Code }

// Errorf returns an *Error with a formatted message.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
