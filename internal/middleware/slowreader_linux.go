package middleware

import (
	"net"

	"golang.org/x/sys/unix"
)

// limitSendBuffer limits the unsent bytes that the kernel buffers for a connection to one chunk. By
// default Linux blocks a writer until a third of the send buffer is free, which is up to 4 MB. A
// client that reads twenty chunks in one timeout would then be disconnected. Connections other than
// TCP are left unchanged.
func limitSendBuffer(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, writeChunk)
	})
}
