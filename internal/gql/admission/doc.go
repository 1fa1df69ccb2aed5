// Package admission limits the queries that are executed at a time, so that an overloaded server continues to respond
// at its capacity.
//
// A Limiter has slots. Its limit is fixed, or adapts to the time that queries wait for connections and to their
// latency. A query without a free slot waits for a short time, in a queue by priority, and is rejected afterwards.
package admission
