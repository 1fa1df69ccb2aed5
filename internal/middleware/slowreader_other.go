//go:build !linux

package middleware

import "net"

func limitSendBuffer(net.Conn) {}
