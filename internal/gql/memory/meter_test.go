package memory_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/memory"
)

const limit = 1000

// newMeter returns a meter of a request that is admitted, with a limit of 1,000 bytes.
func newMeter(t *testing.T, p *memory.Pool) *memory.Meter {
	t.Helper()
	m := p.NewMeter(anonymous("caller"), limit)
	if err := m.Begin(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

// tally is the bytes of fields.
type tally map[string]int

func (t tally) AddFieldBytes(sums map[string]int) {
	for path, n := range t {
		sums[path] += n
	}
}

// TestResponseLimit checks the limit of a response to the byte, and its error.
func TestResponseLimit(t *testing.T) {
	t.Parallel()
	m := newMeter(t, memory.NewPool(capacity))
	m.AddTally(tally{"courses.nodes.title": 300, "courses.nodes.id": 100, "courses": 1})
	m.AddTally(tally{"courses.nodes.title": 100, "viewer.name": 200, "viewer": 0})
	if !m.CountResponse(900, 100) || !m.CountResponse(200, -100) || !m.CountResponse(-100, 0) {
		t.Fatal(m.Err())
	}
	if m.CountResponse(1, 0) {
		t.Error("1001 bytes are accepted")
	}
	err, ok := errors.AsType[*gqlerror.Error](m.EndOperation(2000))
	if !ok {
		t.Fatal(m.Err())
	}
	want := "the response has more than the limit of 1000 bytes: request fewer rows at a time, or fewer long texts; " +
		"largest when it was stopped: courses.nodes.title (400), viewer.name (200), courses.nodes.id (100)"
	if err.Message != want || err.Extensions["code"] != "MAX_RESPONSE_BYTES_LIMIT" || err.Extensions["limit"] != int64(limit) {
		t.Errorf("%s %v", err.Message, err.Extensions)
	}
	if m.CountResponse(-2000, 0) || m.Reserve(1) || m.CountRows(0, 0) == nil {
		t.Error("the request goes on after its limit was exceeded")
	}
}

// TestBatchLimit checks that the operations of a batch share the limit, but neither rows nor buffers.
func TestBatchLimit(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(capacity)
	m := newMeter(t, p)
	for range 2 {
		if !m.Reserve(10*mib) || !m.CountResponse(500, 0) {
			t.Fatal(m.Err())
		}
		if err := m.EndOperation(500); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Used != memory.MinReservation {
			t.Errorf("%+v", s)
		}
	}
	if m.CountResponse(1, 0) || m.EndOperation(1) == nil {
		t.Error("1001 bytes are accepted")
	}
}

// TestRowLimit checks that rows have the limit of the response, in all operations together.
func TestRowLimit(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(capacity)
	m := newMeter(t, p)
	if err := errors.Join(m.CountRows(10, 600), m.EndOperation(10), m.CountRows(10, 400)); err != nil {
		t.Fatal(err)
	}
	err := m.CountRows(1, 1)
	if err == nil {
		t.Fatal("1001 bytes are accepted")
	}
	if want := "input: the rows of the response have more than the limit of 1000 bytes: request fewer rows at a time, or fewer long texts"; err.Error() != want {
		t.Error(cmp.Diff(want, err.Error()))
	}
}

// TestRowMemory checks that rows take memory of the pool, which their operation returns.
func TestRowMemory(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(capacity)
	m := newMeter(t, p)
	if err := m.CountRows(100_000, limit); err != nil {
		t.Fatal(err)
	}
	if used := p.Stats().Used; used < 10*mib {
		t.Errorf("100,000 rows take %d bytes", used)
	}
	if err := m.EndOperation(0); err != nil || p.Stats().Used != memory.MinReservation {
		t.Errorf("%v, %+v", err, p.Stats())
	}
}

// TestNilMeter checks that a nil meter limits nothing.
func TestNilMeter(t *testing.T) {
	t.Parallel()
	m := memory.MeterFrom(t.Context())
	m.AddTally(tally{})
	m.Unreserve(1)
	if !m.Reserve(1<<40) || !m.CountResponse(1<<40, 1<<40) || m.Err() != nil || m.ReserveEntry(t.Context(), 1<<40) != nil || m.ResponseBytes() != 0 {
		t.Error("a nil meter limits")
	}
	m.Release()
}
