// Package respcache is the response cache: it stores finished responses in the memory of this
// process and in Redis. It decides who may share an entry (Scope), whether an entry is still
// valid (by the invalidation log), and which of several requests that need the same response
// computes it (flights). docs/caching.md describes the behaviour.
package respcache
