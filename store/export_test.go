package store

// Statement returns a Query of a test.
func Statement(text string, args ...any) Query { return Query{sql: text, args: args} }

// Retry and RetryOnSlugConflict are the retries of WriteInTx.
var (
	Retry               = retryConflicts
	RetryOnSlugConflict = retryOnSlugConflict
)
