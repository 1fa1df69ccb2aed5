// Package middleware provides the HTTP middlewares that every request passes through, one a
// file, each a func(http.Handler) http.Handler.
//
// The order from the outside in: CloseChunked, ResolveClient, RequestID, AccessLog,
// ObserveRequests, Recover, SecurityHeaders, CORS, Compress. The package executes no GraphQL, SQL
// or Redis command. Handlers report the outcome of an operation with RecordOperation,
// RecordErrorCode and RecordDatabase.
package middleware
