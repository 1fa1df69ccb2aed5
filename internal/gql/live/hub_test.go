package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
)

// waitTimeout is how long a test waits for what takes milliseconds.
const waitTimeout = 20 * time.Second

// data is a database of numbers by id, whose changes are notified after they are made.
type data struct {
	mu       sync.Mutex
	values   map[int64]int
	private  bool // whether responses depend on the viewer
	failing  error
	notify   func(tags []uint64)
	position atomic.Uint64
	executed atomic.Int64
	delay    time.Duration // of each read, between its beginning and its end
}

func newData() *data { return &data{values: map[int64]int{}} }

// Notify, Position and Covers implement live.Changes.
func (d *data) Notify(notify func(tags []uint64)) { d.notify = notify }

func (d *data) Position() invalidation.Position {
	return invalidation.Position{Epoch: 1, Offset: d.position.Load()}
}

func (d *data) Covers(since invalidation.Position) bool { return since.Epoch == 1 }

// set changes a number, and notifies of it.
func (d *data) set(id int64, value int) {
	d.mu.Lock()
	d.values[id] = value
	d.mu.Unlock()
	d.position.Add(1)
	d.notify([]uint64{edu.TagCourse.WithID(id).NameHash()})
}

// operation reads some numbers.
type operation struct {
	data *data
	ids  []int64
}

// Key and Execute implement live.Operation.
func (o operation) Key() respcache.Key {
	key, err := respcache.HashRequest("", fmt.Sprint(o.ids), nil)
	if err != nil {
		panic(err)
	}
	return key
}

func (o operation) Execute(_ context.Context, v edu.Viewer) live.Execution {
	d := o.data
	d.executed.Add(1)
	x := live.Execution{Dependencies: &live.Dependencies{}}
	viewer := edu.TrackViewer(v, time.Now())
	x.RecordViewer(viewer)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failing != nil {
		x.Unavailable = true
		return x
	}
	var b strings.Builder
	b.WriteString(`{"data":"`)
	for _, id := range o.ids {
		x.Tags.Collect(edu.TagCourse.WithID(id))
		b.WriteString(strconv.Itoa(d.values[id]) + " ")
	}
	if d.private {
		b.WriteString("of " + strconv.FormatInt(viewer.UserID(), 10))
	}
	b.WriteString(`"}`)
	x.Body = []byte(b.String())
	if d.delay > 0 {
		d.mu.Unlock()
		time.Sleep(rand.N(d.delay))
		d.mu.Lock()
	}
	return x
}

// listener receives an element when its stream has something.
type listener chan struct{}

func (l listener) Wake() {
	select {
	case l <- struct{}{}:
	default:
	}
}

// listen returns a channel that receives an element when Next of a stream has something.
func listen(s *live.Stream) <-chan struct{} {
	l := make(listener, 1)
	s.Notify(l)
	return l
}

// open opens a stream as a server does.
func open(t *testing.T, h *live.Hub, o operation, v edu.Viewer, lastEventID string) *live.Stream {
	t.Helper()
	r, err := h.Reserve(memory.Caller{ID: strconv.FormatInt(v.ID, 10), Address: "a"})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Open(live.Request{Operation: o, Viewer: v, First: o.Execute(t.Context(), v), LastEventID: lastEventID})
	t.Cleanup(s.Close)
	return s
}

// next returns the next response of a stream, without its extension.
func next(t *testing.T, s *live.Stream) (body, id string) {
	t.Helper()
	ready := listen(s)
	for {
		select {
		case <-ready:
			if e, _ := s.Next(); e != nil {
				return payload(e), e.ID
			}
		case <-time.After(waitTimeout):
			t.Fatal("no event")
		}
	}
}

func payload(e *live.Event) string {
	body, _, _ := strings.Cut(strings.TrimPrefix(string(e.Response(false)), `{"data":"`), `"`)
	return strings.TrimSpace(body)
}

// quiet fails the test if a stream has an event.
func quiet(t *testing.T, s *live.Stream) {
	t.Helper()
	select {
	case <-listen(s):
		if e, end := s.Next(); e != nil || end != 0 {
			t.Errorf("an unexpected event %v, end %v", e, end)
		}
	case <-time.After(50 * time.Millisecond):
	}
}

func TestEqualStreamsShareExecutions(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	var delays atomic.Int64 // of events after a change
	h.ObserveDelays(func(delay time.Duration) {
		if delay > 0 && delay < waitTimeout {
			delays.Add(1)
		}
	})
	streams := make([]*live.Stream, 100)
	for i := range streams {
		streams[i] = open(t, h, operation{d, []int64{1}}, edu.Viewer{ID: int64(i)}, "")
		if got, _ := next(t, streams[i]); got != "0" {
			t.Fatalf("the first event is %q", got)
		}
	}
	before := d.executed.Load()
	d.set(1, 7)
	for _, s := range streams {
		if got, _ := next(t, s); got != "7" {
			t.Fatalf("the second event is %q", got)
		}
	}
	d.set(2, 8) // nothing depends on it
	d.set(1, 7) // an equal response
	quiet(t, streams[0])
	if n := d.executed.Load() - before; n != 2 {
		t.Errorf("%d executions for 100 streams, want 2", n)
	}
	if n := delays.Load(); n != 100 {
		t.Errorf("%d delays", n)
	}
	if stats := h.Stats(); stats.StreamCount() != 100 || stats.Watches != 1 || stats.Executions != 2 || stats.Events != 200 {
		t.Errorf("%+v", stats)
	}
}

// A stream that is not read holds the newest event only.
func TestSlowClientGetsNewestState(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	slow, fast := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, ""), open(t, h, operation{d, []int64{1}}, edu.Viewer{}, "")
	for i := range 50 {
		d.set(1, i+1)
		for got := ""; got != strconv.Itoa(i+1); {
			got, _ = next(t, fast)
		}
	}
	if got, _ := next(t, slow); got != "50" {
		t.Errorf("the slow client gets %s", got)
	}
	quiet(t, slow)
	// What it has not read and what is undone since is no event.
	d.set(1, 51)
	if got, _ := next(t, fast); got != "51" {
		t.Errorf("the fast client gets %s", got)
	}
	d.set(1, 50)
	if got, _ := next(t, fast); got != "50" {
		t.Errorf("the fast client gets %s", got)
	}
	quiet(t, slow)
}

func TestResume(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	first := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, "")
	_, id := next(t, first)
	unchanged := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, id)
	quiet(t, unchanged)
	if unchanged.Resumed() != live.ResumedUnchanged {
		t.Error(unchanged.Resumed())
	}
	d.set(1, 1)
	if got, _ := next(t, unchanged); got != "1" {
		t.Errorf("after a resume: %s", got)
	}
	for id, want := range map[string]live.Resumed{id: live.ResumedChanged, "2" + id[1:]: live.ResumedAfterGap, "nonsense": live.ResumedAfterGap, "": live.NotResumed} {
		s := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, id)
		<-listen(s)
		e, _ := s.Next()
		if s.Resumed() != want || payload(e) != "1" || strings.Contains(string(e.Response(false)), `"resumed"`) != (want != live.NotResumed) {
			t.Errorf("%s: %q %s", id, s.Resumed(), e.Response(false))
		}
	}
}

// Streams share a response until it begins to depend on the viewer.
func TestStreamsOfViewers(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	streams := map[int64]*live.Stream{}
	for id := range int64(4) {
		streams[id] = open(t, h, operation{d, []int64{1}}, edu.Viewer{ID: id, Role: edu.RoleStudent}, "")
		next(t, streams[id])
	}
	d.mu.Lock()
	d.private = true
	d.mu.Unlock()
	d.set(1, 1)
	for id, s := range streams {
		if got, _ := next(t, s); got != fmt.Sprintf("1 of %d", id) {
			t.Errorf("viewer %d gets %q", id, got)
		}
	}
	if n := h.Stats().Watches; n != 4 {
		t.Errorf("%d watches, want one for each viewer", n)
	}
}

func TestExecutionIsRetried(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	s := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, "")
	next(t, s)
	d.mu.Lock()
	d.failing = errors.New("the database is away")
	d.mu.Unlock()
	d.set(1, 1)
	quiet(t, s)
	d.mu.Lock()
	d.failing = nil
	d.mu.Unlock()
	if got, _ := next(t, s); got != "1" {
		t.Errorf("after the failure: %s", got)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d, MinInterval: 300 * time.Millisecond})
	s := open(t, h, operation{d, []int64{1}}, edu.Viewer{}, "")
	next(t, s)
	before := d.executed.Load()
	for i := range 100 {
		d.set(1, i+1)
	}
	if got, _ := next(t, s); got != "100" {
		t.Errorf("the event is %s, want the newest state", got)
	}
	if n := d.executed.Load() - before; n != 1 {
		t.Errorf("%d executions for 100 changes within the interval", n)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	h := live.NewHub(live.Options{Changes: newData(), MaxStreams: 4, MaxPerCaller: 2, MaxPerAddress: 3})
	var held []*live.Reservation
	for _, step := range []struct {
		caller, address, want string
	}{
		{"a", "x", ""}, {"a", "x", ""}, {"a", "x", "2 streams"}, {"b", "x", ""}, {"c", "x", "3 streams"}, {"d", "y", ""}, {"e", "z", "as many streams"},
	} {
		r, err := h.Reserve(memory.Caller{ID: step.caller, Address: step.address})
		if got := fmt.Sprint(err); (step.want == "") != (err == nil) || err != nil && !strings.Contains(got, step.want) {
			t.Errorf("%+v: %v", step, err)
		}
		if err == nil {
			held = append(held, r)
		}
	}
	for range 2 { // a release counts once
		held[0].Release()
	}
	if r, err := h.Reserve(memory.Caller{ID: "a", Address: "x"}); err != nil {
		t.Error(err)
	} else {
		r.Release()
	}
	if n := h.Stats().Rejected; n != 3 {
		t.Errorf("%d rejected", n)
	}
}

// Streams that are closed leave no goroutine.
func TestClosedStreamsLeaveNothing(t *testing.T) {
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	before := runtime.NumGoroutine()
	for range 3 {
		r, err := h.Reserve(memory.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		o := operation{d, []int64{1}}
		s := r.Open(live.Request{Operation: o, First: o.Execute(t.Context(), edu.Viewer{})})
		d.set(1, rand.Int())
		s.Close()
		s.Close()
		r.Release()
	}
	await(t, "no goroutine left", func() bool { return runtime.NumGoroutine() <= before })
	if stats := h.Stats(); stats.StreamCount() != 0 || stats.Watches != 0 {
		t.Errorf("%+v", stats)
	}
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(waitTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
	}
}
