// Package changes is the log of what was written: which tags changed, in one order
// that all processes agree on. By it, what was read a while ago is known to be what
// would be read now, without asking the database.
//
// A commit leaves its tags in the database, in the same transaction. Whoever
// committed announces them: he puts them into the log, a stream in Redis or, without
// one, the memory of this process, before he answers. A reader first finds out how
// far the log goes (Now); what he read before that is still good if none of its tags
// came since (Unchanged).
//
// What nobody announced, of a process that died or of plain SQL, each process finds
// in the database (Run), every quarter of a second. Its leave to use the log is good
// for one Lease from such a look. So who cannot announce waits that long before he
// answers: by then, all who still use the log have found his change by themselves.
// Before he answers he looks, too: what he found there others may have committed, and
// not announced yet.
// docs/caching.md has the proof.
//
// The package must never know what the tags stand for.
package invalidation
