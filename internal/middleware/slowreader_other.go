//go:build !linux

package middleware

import "net"

// limitSendBuffer does nothing: the option is specific to Linux.
func limitSendBuffer(net.Conn) {}
