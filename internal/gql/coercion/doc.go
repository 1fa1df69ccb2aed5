// Package coercion validates the values of a request before any part of its operation runs: the literals
// of a document when it is validated, and the variables of each request. gqlparser accepts some values
// that the GraphQL specification rejects, and gqlgen rejects these when it resolves the field that has
// them, after earlier fields of a mutation have written.
package coercion
