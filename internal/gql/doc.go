// Package gql assembles gqlgen's server: how operations come in over HTTP, what
// they may cost, and how errors are shown. It knows fields and documents, and
// must never know of SQL.
package gql
