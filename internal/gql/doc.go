// Package gql serves the GraphQL API: it assembles gqlgen's executor from the stages of a request, runs
// operations with their loaders and presents their errors. Its subpackages are the stages: transport,
// persisted, limits, respcache and response.
package gql
