package parked_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/internal/parked"
)

const waitTimeout = 30 * time.Second

// owner counts what its connection calls.
type owner struct {
	readable chan struct{}
	gone     atomic.Int64
	slow     atomic.Bool
}

func newOwner() *owner          { return &owner{readable: make(chan struct{}, 16)} }
func (o *owner) Readable()      { o.readable <- struct{}{} }
func (o *owner) Gone(slow bool) { o.slow.Store(slow); o.gone.Add(1) }
func (o *owner) isReadable() bool {
	select {
	case <-o.readable:
		return true
	case <-time.After(50 * time.Millisecond):
		return false
	}
}

// wrapped is a connection that wraps another one, as those of a server do.
type wrapped struct{ net.Conn }

func (w wrapped) UnwrapConn() net.Conn { return w.Conn }

// dial returns the connection of a server, and that of its client.
func dial(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(waitTimeout))
	return s.(*net.TCPConn), c.(*net.TCPConn) //nolint:forcetypeassert // of a TCP listener
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(waitTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
	}
}

// waker counts how often it may write.
type waker struct{ woken atomic.Int64 }

func (w *waker) Wake() { w.woken.Add(1) }

// An owner is called once for what its client sends, again after it has parked the connection again, and when the
// client is gone.
func TestPark(t *testing.T) {
	server, client := dial(t)
	before, o := runtime.NumGoroutine(), newOwner()
	var p parked.Poller
	c := parked.NewConn(wrapped{server}, 0, o)
	if err := c.Park(&p); err != nil {
		t.Fatal(err)
	}
	if o.isReadable() {
		t.Error("a silent client has sent something")
	}
	_, _ = client.Write([]byte("ab"))
	if !o.isReadable() || o.isReadable() {
		t.Error("the owner was not called once")
	}
	for range 2 { // the second byte is still there
		if sent, err := c.CheckInput(); !sent || err != nil {
			t.Errorf("input: %v %v", sent, err)
		}
	}
	if sent, err := c.CheckInput(); sent || err != nil {
		t.Errorf("no input: %v %v", sent, err)
	}
	if err := c.Park(&p); err != nil || o.isReadable() {
		t.Errorf("parked again: %v", err)
	}
	_ = client.Close()
	if !o.isReadable() {
		t.Error("the end of the client was not noticed")
	}
	if sent, err := c.CheckInput(); sent || !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v %v", sent, err)
	}
	c.End()
	c.End()
	if o.gone.Load() != 1 || c.Park(&p) == nil {
		t.Errorf("gone %d times", o.gone.Load())
	}
	await(t, "without goroutines", func() bool { return runtime.NumGoroutine() <= before })
}

// A frame for which the client has no room does not block, and later frames wait for it: whole frames arrive in
// order.
func TestSendDoesNotBlock(t *testing.T) {
	t.Parallel()
	server, client := dial(t)
	c := parked.NewConn(wrapped{server}, 0, newOwner())
	frame, next := bytes.Repeat([]byte("0123456789abcdef"), 1<<20), &waker{}
	if !c.Begin(nil) {
		t.Fatal("a connection that nobody writes to is taken")
	}
	buffer := bytes.Clone(frame)
	c.Send(buffer, false)
	clear(buffer) // it is used for another frame
	if c.Begin(next) {
		t.Fatal("two frames are written at a time")
	}
	written := make(chan struct{})
	go func() { _, _ = c.Write([]byte("second")); close(written) }()
	if next.woken.Load() != 0 {
		t.Error("woken while the frame is written")
	}
	got := make([]byte, len(frame)+len("second"))
	if _, err := io.ReadFull(client, got); err != nil {
		t.Fatal(err)
	}
	<-written
	if !bytes.Equal(got, append(frame, "second"...)) {
		t.Error("the frames are mixed")
	}
	await(t, "woken", func() bool { return next.woken.Load() == 1 })
}

// Frames of many writers arrive whole, and nothing follows the last one.
func TestWriters(t *testing.T) {
	t.Parallel()
	server, client := dial(t)
	o := newOwner()
	c := parked.NewConn(server, 50*time.Millisecond, o)
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			frame := bytes.Repeat([]byte{byte('a' + i)}, 1000)
			for n := range 200 {
				if n%2 == 0 {
					_, _ = c.Write(frame)
				} else if c.Begin(nil) {
					c.Send(frame, true)
				}
			}
		})
	}
	go func() {
		writers.Wait()
		c.WriteLast([]byte("last"))
		c.WriteLast([]byte("again"))
		if _, err := c.Write([]byte("late")); !errors.Is(err, net.ErrClosed) || c.Begin(nil) {
			t.Errorf("a frame after the last one: %v", err)
		}
	}()
	all, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	frames, last := all[:len(all)-4], all[len(all)-4:]
	if string(last) != "last" || len(frames)%1000 != 0 || len(frames) < 800*1000 {
		t.Fatalf("%d bytes, then %q", len(frames), last)
	}
	for i := 0; i < len(frames); i += 1000 {
		if f := frames[i : i+1000]; bytes.Count(f, f[:1]) != 1000 {
			t.Fatalf("frame %d is mixed", i/1000)
		}
	}
	await(t, "gone", func() bool { return o.gone.Load() == 1 })
}

// A client that resets its connection ends it at the next write.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	server, client := dial(t)
	o := newOwner()
	c := parked.NewConn(server, 0, o)
	_ = client.SetLinger(0)
	_ = client.Close()
	await(t, "gone", func() bool {
		if c.Begin(nil) {
			c.Send([]byte("x"), true)
		}
		return o.gone.Load() == 1
	})
}

// A client that does not read for 15 s loses its connection.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	server, _ := dial(t)
	o, began := newOwner(), time.Now()
	c := parked.NewConn(wrapped{server}, 0, o)
	c.Begin(nil)
	c.Send(make([]byte, 32<<20), true)
	await(t, "gone", func() bool { return o.gone.Load() == 1 })
	if took := time.Since(began); !o.slow.Load() || took < 14*time.Second {
		t.Errorf("gone after %v, slow: %v", took, o.slow.Load())
	}
}

// A connection that cannot be polled is written as well.
func TestPipe(t *testing.T) {
	t.Parallel()
	server, client := net.Pipe()
	o := newOwner()
	c := parked.NewConn(server, 0, o)
	if err := c.Park(new(parked.Poller)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("parked: %v", err)
	}
	c.Begin(nil)
	c.SendLast([]byte("all"))
	if all, err := io.ReadAll(client); string(all) != "all" || err != nil {
		t.Errorf("%q, %v", all, err)
	}
	await(t, "gone", func() bool { return o.gone.Load() == 1 })
}

type task struct{ run func() }

func (t task) Run(*[]byte) { t.run() }

func TestQueue(t *testing.T) {
	var q parked.Queue
	var ran atomic.Int64
	before := runtime.NumGoroutine()
	for range 1000 {
		q.Add(task{func() { ran.Add(1) }})
	}
	await(t, "done", func() bool { return ran.Load() == 1000 })
	await(t, "without goroutines", func() bool { return runtime.NumGoroutine() <= before })
}

type beater struct{ beats atomic.Int64 }

func (b *beater) Beat() { b.beats.Add(1) }

// Members are called in turns, and no more once they are removed.
func TestTicker(t *testing.T) {
	before := runtime.NumGoroutine()
	ticker := parked.Ticker{Interval: 60 * time.Millisecond}
	members := make([]*beater, 30)
	for i := range members {
		members[i] = &beater{}
		ticker.Add(members[i])
		time.Sleep(time.Millisecond)
	}
	if n := len(ticker.Members()); n != len(members) {
		t.Errorf("%d members", n)
	}
	await(t, "called twice", func() bool {
		for _, m := range members {
			if m.beats.Load() < 2 {
				return false
			}
		}
		return true
	})
	for _, m := range members {
		ticker.Remove(m)
		ticker.Remove(m)
	}
	await(t, "without goroutines", func() bool { return runtime.NumGoroutine() <= before })
	beats := members[0].beats.Load()
	time.Sleep(100 * time.Millisecond)
	if got := members[0].beats.Load(); got != beats || len(ticker.Members()) != 0 {
		t.Errorf("called %d times, then %d", beats, got)
	}
}
