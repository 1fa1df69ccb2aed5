// Package observe collects the events of an operation: its phases, its round trips to the database with their
// statements and batches of loaders, and its outcome. The layers that cause an event report it here, by the context
// of the operation. Metrics and logs read the events when the request is complete; each event has the times that a
// span needs. It imports the standard library only, so that every layer may report to it.
package observe
