package parked

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxPolled is how many connections one system call reports.
const maxPolled = 128

// Poller finds out which connections can be read. Its one goroutine exists only while there are connections. The
// zero value has none. It is safe for concurrent use.
type Poller struct {
	mu      sync.Mutex
	epoll   *os.File // nil without connections
	control syscall.RawConn
	watched map[uint64]*Watch
	lastID  uint64
}

// Reader is called when its connection can be read.
type Reader interface{ Readable() }

// Watch is a connection of a Poller.
type Watch struct {
	poller *Poller
	id     uint64 // file descriptors are used again, and events of a closed one may be read late
	raw    syscall.RawConn
	reader Reader
}

// Add calls a reader, on a goroutine of its own, when the connection can be read: its client has sent something, or
// is gone. It is called once, and again after each Rearm.
func (p *Poller) Add(raw syscall.RawConn, r Reader) (*Watch, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoll == nil {
		if err := p.open(); err != nil {
			return nil, err
		}
	}
	p.lastID++
	w := &Watch{poller: p, id: p.lastID, raw: raw, reader: r}
	if err := w.setEvents(p, unix.EPOLL_CTL_ADD); err != nil {
		p.closeIfIdle()
		return nil, fmt.Errorf("watch a connection: %w", err)
	}
	p.watched[w.id] = w
	return w, nil
}

// open requires the mutex.
func (p *Poller) open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("create an epoll instance: %w", err)
	}
	if err = unix.SetNonblock(fd, true); err == nil { // then its reader needs no thread
		p.epoll = os.NewFile(uintptr(fd), "epoll")
		p.control, err = p.epoll.SyscallConn()
	}
	if err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("poll an epoll instance: %w", err)
	}
	p.watched = map[uint64]*Watch{}
	go p.poll(p.control)
	return nil
}

// closeIfIdle requires the mutex.
func (p *Poller) closeIfIdle() {
	if len(p.watched) == 0 && p.epoll != nil {
		_ = p.epoll.Close()
		p.epoll, p.control, p.watched = nil, nil, nil
	}
}

// poll calls what is readable until the epoll instance is closed.
func (p *Poller) poll(epoll syscall.RawConn) {
	events := make([]unix.EpollEvent, maxPolled)
	for {
		n := 0
		err := epoll.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			p.mu.Lock()
			w := p.watched[eventID(e)]
			p.mu.Unlock()
			if w != nil {
				go w.reader.Readable()
			}
		}
	}
}

func eventID(e unix.EpollEvent) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 }

// setEvents has the kernel report the connection once.
func (w *Watch) setEvents(p *Poller, operation int) (err error) {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: int32(w.id), Pad: int32(w.id >> 32)}
	return errors.Join(w.raw.Control(func(fd uintptr) {
		err = p.control.Control(func(epoll uintptr) { err = unix.EpollCtl(int(epoll), operation, int(fd), &e) })
	}), err)
}

// Rearm has the reader called once more.
func (w *Watch) Rearm() error {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watched[w.id] != w {
		return os.ErrClosed
	}
	return w.setEvents(p, unix.EPOLL_CTL_MOD)
}

// Remove ends the watch. It has to be called before the connection is closed, and may be called several times.
func (w *Watch) Remove() {
	p := w.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watched[w.id] != w {
		return
	}
	_ = w.setEvents(p, unix.EPOLL_CTL_DEL)
	delete(p.watched, w.id)
	p.closeIfIdle()
}
