package cache_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/7p-education/api/internal/cache/redistest"
)

// A connection on which nothing comes any more, without an end, is noticed too:
// a firewall that forgot it leaves one so.
func TestBroadcastRejoinsAfterSilence(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	link := newLink(t, server)
	listener, speaker := openRedis(t, link.url, "", minute), openRedis(t, server.URL(), "", minute)
	heard, joined := make(chan string, 100), make(chan struct{}, 100)
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		listener.Subscribe(t.Context(), "news", func(m string) { heard <- m }, func() { joined <- struct{}{} })
	}()
	<-joined
	link.silent.Add(1)
	if err := speaker.Publish(t.Context(), "news", "lost"); err != nil {
		t.Fatal(err)
	}
	<-joined
	if err := speaker.Publish(t.Context(), "news", "again"); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "again" {
		t.Errorf("heard %q", got)
	}
}

// link is a way to a server, on which connections can fall silent.
type link struct {
	url    string
	silent atomic.Int32 // grows each time; older connections carry nothing
}

func newLink(t *testing.T, server *redistest.Server) *link {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-link") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "link.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &link{url: "unix://" + socket}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", strings.TrimPrefix(server.URL(), "unix://"))
			if err != nil {
				_ = from.Close()
				continue
			}
			since := l.silent.Load()
			go l.carry(to, from, since)
			go l.carry(from, to, since)
		}
	}()
	return l
}

func (l *link) carry(to, from net.Conn, since int32) {
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if l.silent.Load() == since {
			_, _ = to.Write(b[:n])
		}
	}
}
