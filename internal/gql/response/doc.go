// Package response writes GraphQL responses: it maps error codes to HTTP statuses, encodes the
// response envelope and writes errors as JSON. Middleware writes its errors with it too.
package response
