// Command nbio serves one subscription over WebSockets that nbio polls, for the comparison of LIVE.md. It executes no
// GraphQL: POST /tick sends an event to all.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

// next is a message with a text as long as the fields of a course that the comparison selects.
const next = `{"id":"6e0d6a4e-2f0f-4a3c-9f0e-0c5b7c8d9e1f","type":"next","payload":{"data":{"course":"Practical Web Performance: Measuring to Shipping Faster, Edition %d, 246 enrolled, rated 4.67948717948718 by 78"}}}`

// subscribers are the connections of all subscriptions.
type subscribers struct {
	mu   sync.Mutex
	all  map[*websocket.Conn]struct{}
	tick int
}

func (s *subscribers) receive(c *websocket.Conn, _ websocket.MessageType, text []byte) {
	switch {
	case strings.Contains(string(text), `"connection_init"`):
		_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_ack"}`))
	case strings.Contains(string(text), `"subscribe"`):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all[c] = struct{}{}
		_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, next, s.tick))
	}
}

func (s *subscribers) remove(c *websocket.Conn, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c)
}

func (s *subscribers) ServeHTTP(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick++
	text := fmt.Appendf(nil, next, s.tick)
	for c := range s.all {
		_ = c.WriteMessage(websocket.TextMessage, text)
	}
}

func main() {
	s := &subscribers{all: map[*websocket.Conn]struct{}{}}
	upgrader := websocket.NewUpgrader()
	upgrader.Subprotocols = []string{"graphql-transport-ws"}
	upgrader.OnMessage(s.receive)
	upgrader.OnClose(s.remove)
	mux := http.NewServeMux()
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) { _, _ = upgrader.Upgrade(w, r, nil) })
	mux.Handle("/tick", s)
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	engine := nbhttp.NewEngine(nbhttp.Config{Network: "tcp", Addrs: []string{os.Getenv("ADDR")}, Handler: mux, MaxLoad: 100_000})
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}
