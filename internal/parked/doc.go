// Package parked keeps connections that are idle most of the time without a goroutine and without buffers: the
// kernel reports to one goroutine which of them can be read, and a few goroutines write to all of them. Memory and CPU
// for each connection are in bench/LIVE.md.
package parked
