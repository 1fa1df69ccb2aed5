// Package edu is the vocabulary of the domain: entities, their filters and sort orders,
// policies, pages and cursors, global ids, errors, and the tags that responses depend on.
//
// It imports the standard library only. Enums and ids implement the marshaling methods that gqlgen
// calls.
package edu
