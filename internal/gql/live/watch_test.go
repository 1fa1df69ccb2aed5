package live_test

import (
	"context"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/respcache"
)

// customOperation is executed by a function.
type customOperation func(v edu.Viewer) live.Execution

// Key and Execute implement live.Operation.
func (customOperation) Key() (k respcache.Key) { return k }

func (o customOperation) Execute(_ context.Context, v edu.Viewer) live.Execution { return o(v) }

// respond returns an execution whose response is a number that depends on course 1.
func respond(n int) live.Execution {
	x := live.Execution{Body: []byte(`{"data":"` + strconv.Itoa(n) + `"}`), Dependencies: &live.Dependencies{}}
	x.Tags.Collect(edu.TagCourse.WithID(1))
	return x
}

// openCustom opens a stream whose first response is 0.
func openCustom(t *testing.T, h *live.Hub, o customOperation, caller string) *live.Stream {
	t.Helper()
	r := reserve(t, h, caller)
	s := r.Open(live.Request{Operation: o, Viewer: edu.Viewer{ID: 1, Role: edu.RoleStudent}, First: respond(0)})
	t.Cleanup(s.Close)
	next(t, s)
	return s
}

func reserve(t *testing.T, h *live.Hub, caller string) *live.Reservation {
	t.Helper()
	r, err := h.Reserve(memory.Caller{ID: caller})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return r
}

// A change during an execution is not lost if a stream joins meanwhile, whose first response began later than the
// execution and earlier than the change.
func TestChangeAfterJoiningDuringExecution(t *testing.T) {
	t.Parallel()
	for _, joinsFirst := range []bool{true, false} {
		d := newData()
		h := live.NewHub(live.Options{Changes: d})
		executions, began, proceed := atomic.Int32{}, make(chan struct{}), make(chan struct{})
		o := customOperation(func(edu.Viewer) live.Execution {
			n := executions.Add(1)
			if n == 1 {
				close(began)
				<-proceed
			}
			return respond(int(n))
		})
		s := openCustom(t, h, o, "")
		d.set(1, 1)
		<-began
		joining := reserve(t, h, "")
		join := func() { t.Cleanup(joining.Open(live.Request{Operation: o, First: respond(1)}).Close) }
		if joinsFirst {
			join()
		}
		d.set(1, 2)
		if !joinsFirst {
			join()
		}
		close(proceed)
		for got := ""; got != "2"; {
			got, _ = next(t, s)
		}
	}
}

// A response that was read without tags may have changed with any change.
func TestIncompleteTags(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	n := 0
	s := openCustom(t, h, func(edu.Viewer) live.Execution {
		n++
		x := respond(n)
		x.Tags.MarkIncomplete()
		return x
	}, "")
	d.set(1, 1)
	next(t, s)
	for i := range 3 {
		d.set(99, 1)
		if got, _ := next(t, s); got != strconv.Itoa(i+2) {
			t.Fatalf("change %d: %s", i, got)
		}
	}
}

// A caller without a budget for executions does not delay the streams of others.
func TestExecutionByOtherCaller(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	first := true
	o := func(edu.Viewer) live.Execution {
		x := respond(1)
		x.Unavailable, x.RetryAfter = first, time.Hour
		first = false
		return x
	}
	s := openCustom(t, h, o, "a")
	openCustom(t, h, o, "b")
	d.set(1, 1)
	next(t, s)
}

// A closed stream leaves nothing behind, though its operation was to be executed an hour later.
func TestClosedStreamIsFreed(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d, MinInterval: time.Hour})
	response := func() weak.Pointer[byte] {
		x := respond(0)
		x.Body = append(make([]byte, 0, 1<<10), x.Body...)
		s := reserve(t, h, "").Open(live.Request{Operation: customOperation(nil), First: x})
		d.set(1, 1)
		s.Close()
		return weak.Make(&x.Body[0])
	}()
	await(t, "freed", func() bool { runtime.GC(); return response.Value() == nil })
}

// While tokens cannot be verified, a stream has one verification in progress, however many changes there are.
func TestVerificationsDoNotPileUp(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	var verified atomic.Int32
	o := operation{d, []int64{1}}
	s := reserve(t, h, "").Open(live.Request{
		Operation: o, First: o.Execute(t.Context(), edu.Viewer{}), Viewer: edu.Viewer{ID: 7},
		Verify: func(context.Context) (edu.Viewer, error) {
			verified.Add(1)
			return edu.Viewer{}, edu.Errorf(edu.Unavailable, "the database is away")
		},
	})
	defer s.Close()
	for range 100 {
		h.VerifyUser(0)
	}
	time.Sleep(1200 * time.Millisecond) // two repetitions
	if n := verified.Load(); n < 2 || n > 4 {
		t.Errorf("%d verifications", n)
	}
}

// A client that resumes does not get again what it has, if its first response is newer than that of the watch.
func TestResumeDuringExecution(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	o := customOperation(nil)
	resuming := reserve(t, h, "")
	later := reserve(t, h, "").Open(live.Request{Operation: o, First: respond(0)})
	t.Cleanup(later.Close)
	_, id := next(t, later)
	s := resuming.Open(live.Request{Operation: o, First: respond(1), LastEventID: id})
	t.Cleanup(s.Close)
	quiet(t, s)
}
