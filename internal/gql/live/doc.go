// Package live sends the response of an operation again whenever it changes: live queries, and the
// subscriptions of the schema, which are live queries of one root field.
//
// A Hub holds a watch for each operation, set of variables and set of viewers that get the same
// response. A watch knows the tags that its last response depended on. A change with one of them, of
// whichever process or plain SQL, has the operation executed once more for all streams of the watch
// together. They get the new response unless it is equal to the last one. Changes with other tags cost
// no statement.
//
// A Stream holds the newest event that its client has not read, so a slow client costs no memory and
// delays no one: it gets the last state, and not those in between.
package live
