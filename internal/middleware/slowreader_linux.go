package middleware

import (
	"net"

	"golang.org/x/sys/unix"
)

// limitSendBuffer has a connection take no more than a piece ahead of what is under way. Linux
// has a writer wait until a third of all that it has taken is gone: of up to 4 MB, so
// that a client who takes twenty pieces in one patience would be given up. On a
// connection of another kind nothing is set.
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
