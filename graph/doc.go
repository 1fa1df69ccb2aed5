// Package graph holds the GraphQL schema and the code that gqlgen and internal/gql/encode/gen
// generate from it. Only the schema and this file are written by hand.
package graph

//go:generate go run -C .. ./internal/gql/encode/gen
