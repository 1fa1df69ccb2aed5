package live_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
)

// TestNothingIsLost changes numbers at random while streams open, resume and close. In the end each stream has the
// current state, each has seen each state at most once in a row, and none has seen an older state after a newer one.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for range 30 {
		checkNothingIsLost(t)
	}
}

func checkNothingIsLost(t *testing.T) {
	t.Helper()
	d := newData()
	d.delay = 2 * time.Millisecond
	h := live.NewHub(live.Options{Changes: d})
	const ids, readers, writes = 20, 20, 30
	var writing, reading sync.WaitGroup
	written, stop := make(chan struct{}), make(chan struct{})
	for range 4 {
		writing.Go(func() {
			for range writes {
				id := rand.Int64N(ids)
				d.mu.Lock()
				d.values[id]++ // values only grow, so an older state is a smaller one
				d.mu.Unlock()
				time.Sleep(rand.N(time.Millisecond)) // the notification is late
				d.notify([]uint64{edu.TagCourse.WithID(id).NameHash()})
			}
		})
	}
	watchers := make([]watcher, readers)
	for i := range watchers {
		watchers[i].operation = operation{d, []int64{rand.Int64N(ids), rand.Int64N(ids)}}
		reading.Go(func() { watchers[i].read(t, h, written, stop) })
	}
	writing.Wait()
	close(written)
	for i := range watchers {
		w := &watchers[i]
		want := payloadOf(w.operation.Execute(t.Context(), edu.Viewer{}))
		for deadline := time.Now().Add(waitTimeout); w.latest.Load() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("stream %d ends with %q, want %q", i, w.latest.Load(), want)
				break
			}
		}
	}
	time.Sleep(5 * time.Millisecond) // for responses that are sent twice
	close(stop)
	reading.Wait()
}

func payloadOf(x live.Execution) string {
	body, _, _ := strings.Cut(strings.TrimPrefix(string(x.Body), `{"data":"`), `"`)
	return strings.TrimSpace(body)
}

// watcher watches an operation.
type watcher struct {
	operation operation
	latest    atomic.Value // the response
}

// read reads a stream, which it closes and resumes now and then until everything is written.
func (w *watcher) read(t *testing.T, h *live.Hub, written, stop chan struct{}) {
	last := ""
	id := ""
	for {
		r, err := h.Reserve(memory.Caller{})
		if err != nil {
			t.Error(err)
			return
		}
		s := r.Open(live.Request{Operation: w.operation, First: w.operation.Execute(context.Background(), edu.Viewer{}), LastEventID: id})
		ready := listen(s)
		leave := time.After(rand.N(5 * time.Millisecond))
		for open := true; open; {
			select {
			case <-stop:
				s.Close()
				return
			case <-leave:
				select {
				case <-written:
				default:
					open = false
				}
			case <-ready:
				e, _ := s.Next()
				if e == nil {
					continue
				}
				got := payload(e)
				if got == last {
					t.Errorf("%q was sent twice", got)
				}
				if isOlder(got, last) {
					t.Errorf("%q was sent after %q", got, last)
				}
				last, id = got, e.ID
				w.latest.Store(got)
				time.Sleep(rand.N(time.Millisecond))
			}
		}
		s.Close()
	}
}

// isOlder reports whether a number of a response is smaller than in another one.
func isOlder(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	for i := range y {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m < n {
			return true
		}
	}
	return false
}
