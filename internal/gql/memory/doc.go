// Package memory limits the memory that responses take while they are computed and written.
//
// A Meter counts the bytes of one request: of its response, against a fixed limit, and of the memory
// that its rows and buffers take, against a Pool that all requests share.
package memory
