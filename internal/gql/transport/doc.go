// Package transport serves GraphQL over HTTP: it reads requests and batches, negotiates the media
// type, runs operations on gqlgen's executor and writes their responses with their cache headers.
package transport
