package middleware

import (
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// rejectedConnection is what a client receives in place of the response to its first request. Its length is
// stated, since the close may reset a connection on which the client has sent already.
var rejectedConnection = func() string {
	const body = `{"title":"too many connections","status":503,"detail":"this address has as many connections as the server accepts from one: close some, or send several requests on one"}` + "\n"
	return "HTTP/1.1 503 Service Unavailable\r\n" +
		"Content-Type: application/problem+json\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n" +
		"Retry-After: 1\r\n" +
		"Connection: close\r\n\r\n" + body
}()

// ConnectionLimit limits the connections that one address has open at a time, so that the headers and
// buffers of one caller's connections are bounded: bench/HOSTILE.md has the memory that they take.
// It is safe for concurrent use.
type ConnectionLimit struct {
	perAddress int
	proxies    TrustedProxies
	log        *slog.Logger

	mu         sync.Mutex
	open       map[netip.Addr]int // without addresses that have none
	lastLogged time.Time          // a rejection, at most once a minute

	rejected atomic.Uint64
}

// NewConnectionLimit returns a limit of perAddress connections. An IPv6 address counts by its first 64
// bits, as for rate limits. Proxies are exempt: they connect for many clients.
func NewConnectionLimit(perAddress int, proxies TrustedProxies, log *slog.Logger) *ConnectionLimit {
	return &ConnectionLimit{perAddress: perAddress, proxies: proxies, log: log, open: map[netip.Addr]int{}}
}

// Rejected returns how many connections were rejected.
func (c *ConnectionLimit) Rejected() uint64 { return c.rejected.Load() }

// Limit returns a listener whose Accept rejects connections beyond the limit with a response of status
// 503, and closes them.
func (c *ConnectionLimit) Limit(l net.Listener) net.Listener { return limitedListener{l, c} }

type limitedListener struct {
	net.Listener
	limit *ConnectionLimit
}

func (l limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, counted := l.limit.findPeer(conn)
		if !counted {
			return conn, nil
		}
		if l.limit.acquire(peer) {
			return &limitedConn{Conn: conn, limit: l.limit, peer: peer}, nil
		}
		l.limit.reject(conn, peer)
	}
}

// findPeer returns the address that a connection counts for, if it counts.
func (c *ConnectionLimit) findPeer(conn net.Conn) (peer netip.Addr, counted bool) {
	from, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return peer, false // not TCP
	}
	peer = normalizeAddr(from.Addr())
	if c.proxies.containsAddr(peer) {
		return peer, false
	}
	if peer.Is6() {
		network, _ := peer.Prefix(64) // 64 is always within an IPv6 address
		peer = network.Addr()
	}
	return peer, true
}

func (c *ConnectionLimit) acquire(peer netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[peer] >= c.perAddress {
		return false
	}
	c.open[peer]++
	return true
}

func (c *ConnectionLimit) release(peer netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[peer]--; c.open[peer] == 0 {
		delete(c.open, peer)
	}
}

// reject closes a connection after a response with the reason. It fits in the empty send buffer, so the
// write does not wait for the client.
func (c *ConnectionLimit) reject(conn net.Conn, peer netip.Addr) {
	c.rejected.Add(1)
	_, _ = conn.Write([]byte(rejectedConnection))
	_ = conn.Close()
	c.mu.Lock()
	log := time.Since(c.lastLogged) >= time.Minute
	if log {
		c.lastLogged = time.Now()
	}
	c.mu.Unlock()
	if log {
		c.log.Warn("connections rejected: an address has reached MAX_CONNECTIONS_PER_ADDRESS; if it is your proxy, list it in TRUSTED_PROXIES",
			"address", peer.String(), "limit", c.perAddress)
	}
}

// limitedConn counts for its address until it is closed.
type limitedConn struct {
	net.Conn
	limit  *ConnectionLimit
	peer   netip.Addr
	closed sync.Once
}

// Close closes the connection and stops counting it.
func (c *limitedConn) Close() error {
	defer c.closed.Do(func() { c.limit.release(c.peer) })
	return c.Conn.Close()
}

// UnwrapConn returns the inner connection: its bytes are the same.
func (c *limitedConn) UnwrapConn() net.Conn { return c.Conn }

// CloseWrite supports net/http like that of writeTimeoutConn.
func (c *limitedConn) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite closes the writing side of a connection that can.
func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
