package store

// Statement makes a Query of a test's own.
func Statement(text string, args ...any) Query { return Query{sql: text, args: args} }

// Retry is what Write does over and over.
var Retry = retryConflicts
