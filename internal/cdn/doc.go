// Package cdn lets a CDN store public responses, and purges them when their data change.
//
// A response that a CDN may store has surrogate keys (Keys): short hashes of the tags that it depends on.
// The Worker of one server reads the committed changes from the database and purges the keys of their
// tags (PurgeKeys), through the Purger of the CDN in use.
//
// A CDN can store a response that was computed before a change and arrives after the purge. Therefore the
// Worker purges each key again, after the longest time that a response may be on its way.
package cdn
