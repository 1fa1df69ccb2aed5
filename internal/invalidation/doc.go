// Package invalidation is the log of committed changes: which tags changed, in one order that
// all processes agree on. The response cache uses it to decide whether an entry is still
// valid, without a query to the database.
//
// A commit writes its tags into the table changes, in the same transaction. Before the
// process acknowledges the write, it publishes the tags: it appends them to the log, which is
// a stream in Redis or, without Redis, the memory of this process (Publish). A reader first
// obtains the current position of the log (CurrentPosition). Data read after the log reached
// an earlier position is still valid if none of its tags changed after that position
// (ValidSince).
//
// Some changes are not published by the process that committed them: that process died, or
// they were made by plain SQL. Each process finds them by polling the table every quarter of a second
// (PollDatabase), and publishes them. A successful poll renews the lease of the process: it
// may use the log until one Lease after that poll began. A process that cannot publish a
// change acknowledges the write one Lease later. By then each process that still has a lease
// has found the change by its own poll.
//
// Publish also polls once before the write is acknowledged, because a write may reveal
// changes that another process has committed and not published yet.
//
// A process that uses the log in Redis is a member. Each of its reads of the log registers the position that
// it has applied, and grants a read lease: for 200 ms CurrentPosition sends no command to Redis. Publish
// waits until each member has applied the log, has left, or holds no earlier lease. Package leasemodel has a model.
//
// docs/caching-consistency.md has the proof.
package invalidation
