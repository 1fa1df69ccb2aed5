// Package incremental splits an operation by @defer: into the initial part of its response, and the
// deferred fragments that are executed after that part was sent. It decides which fields a part has
// and writes the parts as JSON. It executes nothing: package encode writes the fields, resolvers read
// their values, and transport sends the parts.
package incremental
