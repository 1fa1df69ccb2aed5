package parked

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// writeTimeout is how long a client may take to make room for what is written.
const writeTimeout = 15 * time.Second

// Waker is woken when it may write.
type Waker interface{ Wake() }

// Conn is a connection with several writers, of which one writes at a time. It is safe for concurrent use.
type Conn struct {
	net.Conn
	raw    syscall.RawConn // nil if every operation may block
	linger time.Duration
	owner  Owner

	mu      sync.Mutex
	free    *sync.Cond // signalled when writing ends; nil before somebody has to wait
	watch   *Watch     // nil before Park
	waiting []Waker    // that Begin has turned away
	writing bool
	closing bool // the last frame was written, or is next
	ended   bool
}

// Owner is called by its Conn, on any goroutine.
type Owner interface {
	// Readable is called once after each Park when the connection can be read: its client has sent something, or is
	// gone.
	Readable()
	// Gone is called once, when the connection has ended. isSlow reports that the client did not read in time.
	Gone(isSlow bool)
}

// wrappedConn is a connection that wraps another one without changing its bytes.
type wrappedConn interface{ UnwrapConn() net.Conn }

// NewConn returns a connection that ends, and is closed, when a write fails, and the time of linger after its last
// frame.
func NewConn(conn net.Conn, linger time.Duration, owner Owner) *Conn {
	c := &Conn{Conn: conn, linger: linger, owner: owner}
	for outer, ok := conn.(wrappedConn); ok; outer, ok = conn.(wrappedConn) {
		conn = outer.UnwrapConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		c.raw, _ = tcp.SyscallConn() // nil after an error
	}
	return c
}

// Park calls the Readable of the owner once, on a goroutine of its own. It returns an error if the connection has
// ended, or cannot be polled.
func (c *Conn) Park(p *Poller) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return net.ErrClosed
	case c.raw == nil:
		return errors.ErrUnsupported
	case c.watch != nil:
		return c.watch.Rearm()
	}
	c.watch, err = p.Add(c.raw, c.owner)
	return err
}

// Begin gives the caller the turn to write: it has to call Send or Release next. If another one is writing, Begin
// returns false, and wakes the caller when that ends; nil is not woken. After the last frame it returns false.
func (c *Conn) Begin(caller Waker) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || c.closing {
		if caller != nil && !c.closing && !slices.Contains(c.waiting, caller) {
			c.waiting = append(c.waiting, caller)
		}
		return false
	}
	c.writing = true
	return true
}

// Release ends the caller's turn to write.
func (c *Conn) Release() {
	c.mu.Lock()
	c.writing = false
	waiting := c.waiting
	c.waiting = nil
	if c.free != nil {
		c.free.Signal()
	}
	c.mu.Unlock()
	for _, w := range waiting {
		w.Wake()
	}
}

// Send writes a frame and ends the caller's turn. It does not block: what the client has no room for is written by
// a goroutine, until writeTimeout. The frame must not change afterwards if it is shared, and is copied if it is not.
func (c *Conn) Send(frame []byte, shared bool) { c.send(frame, shared, false) }

// SendLast is Send for the last frame.
func (c *Conn) SendLast(frame []byte) {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.send(frame, true, true)
}

func (c *Conn) send(frame []byte, shared, last bool) {
	n, err := c.writeNow(frame)
	if err != nil || n == len(frame) {
		c.endTurn(err, last)
		return
	}
	rest := frame[n:]
	if !shared {
		rest = append([]byte(nil), rest...)
	}
	go func() { c.endTurn(c.writeRest(rest), last) }()
}

// Write writes a frame after those of others, and may block until writeTimeout.
func (c *Conn) Write(frame []byte) (int, error) { return c.write(frame, false) }

// WriteLast is Write for the last frame, unless that was written already.
func (c *Conn) WriteLast(frame []byte) { _, _ = c.write(frame, true) }

func (c *Conn) write(frame []byte, last bool) (int, error) {
	if !c.awaitTurn(last) {
		return 0, net.ErrClosed
	}
	n, err := c.writeNow(frame)
	if err == nil && n < len(frame) {
		err = c.writeRest(frame[n:])
	}
	c.endTurn(err, last)
	if err != nil {
		return n, err
	}
	return len(frame), nil
}

// awaitTurn returns false after the last frame.
func (c *Conn) awaitTurn(last bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last && c.closing {
		return false
	}
	c.closing = c.closing || last
	for c.writing {
		if c.free == nil {
			c.free = sync.NewCond(&c.mu)
		}
		c.free.Wait()
	}
	if c.closing && !last {
		if c.free != nil {
			c.free.Signal() // another one may wait, too
		}
		return false
	}
	c.writing = true
	return true
}

// IsClosing reports whether the last frame was written.
func (c *Conn) IsClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

func (c *Conn) endTurn(err error, last bool) {
	c.Release()
	switch {
	case err != nil, last && c.linger == 0:
		c.end(errors.Is(err, os.ErrDeadlineExceeded))
	case last:
		time.AfterFunc(c.linger, c.End)
	}
}

// End ends the connection.
func (c *Conn) End() { c.end(false) }

func (c *Conn) end(isSlow bool) {
	c.mu.Lock()
	ended, watch := c.ended, c.watch
	c.ended, c.closing = true, true
	c.mu.Unlock()
	if ended {
		return
	}
	if watch != nil {
		watch.Remove()
	}
	_ = c.Close()
	c.owner.Gone(isSlow)
}

// writeNow writes as much as the client has room for.
func (c *Conn) writeNow(frame []byte) (n int, err error) {
	if c.raw == nil {
		return 0, nil
	}
	controlErr := c.raw.Control(func(fd uintptr) { n, err = writeNonblocking(fd, frame) })
	return n, errors.Join(controlErr, err)
}

// writeRest writes what the client had no room for. A connection that limits slow readers has its own deadlines.
func (c *Conn) writeRest(rest []byte) error {
	_ = c.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := c.Conn.Write(rest)
	return err
}

// CheckInput reports without blocking whether the client has sent something, of which it drops a byte. An error is
// final.
func (c *Conn) CheckInput() (sent bool, err error) {
	var b [1]byte
	n := 0
	controlErr := c.raw.Control(func(fd uintptr) { n, err = readNonblocking(fd, b[:]) })
	switch {
	case controlErr != nil:
		return false, controlErr
	case errors.Is(err, syscall.EAGAIN):
		return false, nil
	case err == nil && n == 0:
		return false, io.EOF
	}
	return n > 0, err
}
