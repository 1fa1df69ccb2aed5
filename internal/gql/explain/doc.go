// Package explain describes how an operation was executed: its round trips to the database with their batches and
// statements, from the record of its events, and the selections whose values they read.
package explain
