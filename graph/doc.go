// Package graph is the contract: the schema and the code that gqlgen makes of
// it. Nothing in it is written by hand but the schema.
package graph

//go:generate go run -C .. ./internal/gql/encode/gen
