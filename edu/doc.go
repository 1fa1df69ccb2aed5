// Package edu is the vocabulary of the product: its entities, their filters and
// orders, who may see them, pages and cursors, global ids and errors.
//
// It must never know of GraphQL, SQL, Redis or HTTP: it imports the standard
// library only, and everything else imports it.
package edu
