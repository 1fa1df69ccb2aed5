// Command gqlgen serves one subscription by gqlgen's own transports, for the comparison of LIVE.md. POST /tick sends
// an event to all.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// title is a text as long as the fields of a course that the comparison selects.
const title = "Practical Web Performance: Measuring to Shipping Faster, Edition %d, 246 enrolled, rated 4.67948717948718 by 78"

// subscribers are the channels of all subscriptions, each with room for one event.
type subscribers struct {
	mu   sync.Mutex
	all  map[chan string]struct{}
	tick int
}

func (s *subscribers) subscribe(ctx context.Context) <-chan string {
	c := make(chan string, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[c] = struct{}{}
	c <- fmt.Sprintf(title, s.tick)
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, c)
	})
	return c
}

func (s *subscribers) ServeHTTP(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick++
	for c := range s.all {
		c <- fmt.Sprintf(title, s.tick)
	}
}

func main() {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { ok: Boolean } type Subscription { course: String! }"})
	s := &subscribers{all: map[chan string]struct{}{}}
	srv := handler.New(&graphql.ExecutableSchemaMock{
		SchemaFunc:     func() *ast.Schema { return schema },
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
		ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
			events := s.subscribe(ctx)
			return func(ctx context.Context) *graphql.Response {
				select {
				case text := <-events:
					return &graphql.Response{Data: fmt.Appendf(nil, `{"course":%q}`, text)}
				case <-ctx.Done():
					return nil
				}
			}
		},
	})
	srv.AddTransport(transport.SSE{})
	srv.AddTransport(transport.Websocket{})
	http.Handle("/graphql", srv)
	http.Handle("/tick", s)
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { log.Fatal(http.ListenAndServe(os.Getenv("ADDR"), nil)) }()
	<-stop
}
