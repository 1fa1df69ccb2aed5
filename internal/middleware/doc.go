// Package middleware holds what every HTTP request passes through before and
// after its handler, one behaviour a file, each a func(http.Handler) http.Handler.
//
// The order from the outside in: Clients, RequestID, AccessLog, Recover,
// SecurityHeaders, CORS, Compress. It must never know of GraphQLOutcome, SQL or Redis.
package middleware
