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

// TestSubscribeReconnectsAfterSilence checks that a subscription notices a connection that transmits
// nothing more but stays open, as a firewall that dropped its state leaves it.
func TestSubscribeReconnectsAfterSilence(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	proxy := newSilentProxy(t, server)
	subscriber, publisher := openRedis(t, proxy.url, "", minute), openRedis(t, server.URL(), "", minute)
	received, joined := make(chan string, 100), make(chan struct{}, 100)
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		subscriber.Subscribe(t.Context(), "news", func(m string) { received <- m }, func() { joined <- struct{}{} })
	}()
	<-joined
	proxy.silences.Add(1)
	if err := publisher.Publish(t.Context(), "news", "lost"); err != nil {
		t.Fatal(err)
	}
	<-joined
	if err := publisher.Publish(t.Context(), "news", "again"); err != nil {
		t.Fatal(err)
	}
	if got := <-received; got != "again" {
		t.Errorf("received %q", got)
	}
}

// silentProxy forwards connections to a server until they are silenced.
type silentProxy struct {
	url      string
	silences atomic.Int32 // a connection made before the latest silence forwards nothing
}

func newSilentProxy(t *testing.T, server *redistest.Server) *silentProxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-proxy") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "proxy.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &silentProxy{url: "unix://" + socket}
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
			silences := p.silences.Load()
			go p.forward(to, from, silences)
			go p.forward(from, to, silences)
		}
	}()
	return p
}

func (p *silentProxy) forward(to, from net.Conn, silences int32) {
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if p.silences.Load() == silences {
			_, _ = to.Write(b[:n])
		}
	}
}
