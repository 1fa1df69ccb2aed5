// Package answers keeps finished answers, in this process and in Redis, for those who
// would have been given the same: it decides who shares one, tells whether it is as
// good as new, and has one of those who need it make it. docs/caching.md tells how.
//
// It knows of documents as far as their policies go, and must never know of HTTP or of
// what the answers say.
package respcache
