package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
)

// rowOverhead is about how many bytes a row takes in memory, besides its values.
const rowOverhead = 128

// maxReportedFields is how many of the largest fields an error names.
const maxReportedFields = 3

// Meter counts the bytes of one HTTP request, with all operations of a batch. The first limit that is
// exceeded ends the request: all later calls fail. It is safe for concurrent use; a nil Meter limits
// nothing.
type Meter struct {
	pool             *Pool
	caller           Caller
	maxResponseBytes int64

	mu       sync.Mutex
	input    int64 // of the pool, for the decoded parameters
	reserved int64 // of the pool; 0 before Begin
	used     int64 // of reserved
	kept     int64 // of used, by earlier operations of a batch
	rows     int64 // bytes of rows, of all operations
	finished int64 // bytes of the responses of earlier operations
	response int64 // bytes of the current operation's response
	tallies  []Tally
	err      error
}

// Tally adds the bytes of each field, by its path, to sums.
type Tally interface{ AddFieldBytes(sums map[string]int) }

// NewMeter returns a meter for a request of a caller, whose response may have maxResponseBytes.
func (p *Pool) NewMeter(caller Caller, maxResponseBytes int64) *Meter {
	return &Meter{pool: p, caller: caller, maxResponseBytes: maxResponseBytes}
}

type meterKey struct{}

// WithMeter returns a context for the request of m.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	return context.WithValue(ctx, meterKey{}, m)
}

// MeterFrom returns the meter of the request of ctx, nil if it has none.
func MeterFrom(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

// Begin admits the request to the pool: see MinReservation. If the request has to wait, Begin first calls
// beforeWait, which releases what others may wait for. It does nothing if the request is admitted already.
func (m *Meter) Begin(ctx context.Context, beforeWait func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reserved > 0 || m.err != nil {
		return m.copyErr()
	}
	if err := m.pool.admit(ctx, m.caller, beforeWait); err != nil {
		return err
	}
	m.reserved = MinReservation
	return nil
}

// Release returns all memory to the pool. The meter must not be used afterwards.
func (m *Meter) Release() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if held := m.reserved + m.input; held > 0 {
		m.pool.release(m.caller, held)
		m.reserved, m.input = 0, 0
	}
}

// ReserveInput reserves n bytes for decoded parameters, until Release. It never waits. It reports whether
// the caller has them.
func (m *Meter) ReserveInput(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.pool.grow(m.caller, int64(n)) {
		return false
	}
	m.input += int64(n)
	return true
}

// Err returns the error of the limit that was exceeded, nil for none.
func (m *Meter) Err() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.copyErr()
}

// ReserveEntry reserves n bytes for a cached response that is about to be written, since its entry may be
// evicted meanwhile. Up to MinReservation it reserves nothing.
func (m *Meter) ReserveEntry(ctx context.Context, n int) error {
	if m == nil || n <= MinReservation {
		return nil
	}
	if err := m.Begin(ctx, func() {}); err != nil {
		return err
	}
	m.Reserve(n)
	return m.Err()
}

// ReserveCopy reserves n bytes for the copy of the response that is written. An operation of the request
// may have exceeded a limit before: its error is written too.
func (m *Meter) ReserveCopy(n int) error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.pool.grow(m.caller, int64(n)) {
		return errBusy
	}
	m.reserved += int64(n)
	m.used += int64(n)
	return nil
}

// Reserve reserves n bytes of memory. It never waits. It reports whether the request may go on.
func (m *Meter) Reserve(n int) bool {
	if m == nil {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reserve(int64(n))
}

// reserve is Reserve under the lock. Its steps are of MinReservation at least.
func (m *Meter) reserve(n int64) bool {
	if m.err != nil {
		return false
	}
	if missing := m.used + n - m.reserved; missing > 0 {
		step := max(missing, MinReservation)
		if !m.pool.grow(m.caller, step) {
			m.err = errBusy
			return false
		}
		m.reserved += step
	}
	m.used += n
	return true
}

// Unreserve returns n bytes that Reserve has reserved, for the next use within the request.
func (m *Meter) Unreserve(n int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= int64(n)
}

// CountRows counts rows that were read from the database, with the bytes of their values. Together they
// may have as many bytes as the response.
func (m *Meter) CountRows(rows, bytes int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows += int64(bytes)
	if m.err == nil && m.rows > m.maxResponseBytes {
		m.err = m.newTooLarge("the rows of the response have")
	}
	m.reserve(int64(bytes + rows*rowOverhead))
	return m.copyErr()
}

// CountResponse counts bytes of the response that were written, below 0 if some were removed again. It
// reports whether the response is within its limit with further bytes.
func (m *Meter) CountResponse(written, further int) bool {
	if m == nil {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.response += int64(written)
	if m.err == nil && m.finished+m.response+int64(further) > m.maxResponseBytes {
		m.err = m.newTooLarge("the response has")
	}
	return m.err == nil
}

// AddTally adds the tally of one root field. It is called once the operation has ended, and only if the
// response is too large.
func (m *Meter) AddTally(t Tally) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tallies = append(m.tallies, t)
}

// ResponseBytes returns the bytes of the current operation's response that were counted.
func (m *Meter) ResponseBytes() int {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return int(m.response)
}

// Address returns the address of the request, "" if no client waits for it.
func (m *Meter) Address() string { return m.caller.Address }

// MaxResponseBytes returns the limit of the response.
func (m *Meter) MaxResponseBytes() int {
	if m == nil {
		return 1 << 62
	}
	return int(m.maxResponseBytes)
}

// EndOperation ends an operation whose response has size bytes. Its rows and buffers are free again. It
// returns the error of the limit that was exceeded, with the largest fields if that is the response's.
func (m *Meter) EndOperation(size int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.response = int64(size)
	if m.err == nil && m.finished+m.response > m.maxResponseBytes {
		m.err = m.newTooLarge("the response has")
	}
	if tooLarge, ok := m.err.(*gqlerror.Error); ok { //nolint:errorlint // it was never wrapped
		m.reportLargest(tooLarge)
	}
	m.finished += m.response
	if m.err == nil {
		m.kept += m.response
	}
	m.used, m.response, m.tallies = m.kept, 0, nil
	if unused := m.reserved - max(m.used, MinReservation); m.reserved > 0 && unused > 0 {
		m.pool.release(m.caller, unused)
		m.reserved -= unused
	}
	return m.copyErr()
}

// EndPart ends a part of the response to an operation that goes on, of size bytes. It returns the error of the limit
// that was exceeded.
func (m *Meter) EndPart(size int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finished += int64(size)
	m.response = 0
	if m.err == nil && m.finished > m.maxResponseBytes {
		m.err = m.newTooLarge("the response has")
	}
	return m.copyErr()
}

// copyErr returns a copy of the error, because gqlgen adds locations and a path to the error of a field,
// and several root fields may fail at the same time. It is called with the lock.
func (m *Meter) copyErr() error {
	tooLarge, ok := m.err.(*gqlerror.Error) //nolint:errorlint // it was never wrapped
	if !ok {
		return m.err
	}
	copied := *tooLarge
	copied.Extensions = maps.Clone(tooLarge.Extensions)
	return &copied
}

// newTooLarge returns the error of a response that is too large, or whose rows are.
func (m *Meter) newTooLarge(what string) *gqlerror.Error {
	err := response.ErrorWithCode(response.CodeResponseTooLarge,
		fmt.Sprintf("%s more than the limit of %d bytes: request fewer rows at a time, or fewer long texts", what, m.maxResponseBytes))
	err.Extensions["limit"] = m.maxResponseBytes
	return err
}

// fieldBytes is the bytes that a field has in the response, at all its places.
type fieldBytes struct {
	Path  string `json:"path"`
	Bytes int    `json:"bytes"`
}

// reportLargest adds the largest fields that were written to an error.
func (m *Meter) reportLargest(err *gqlerror.Error) {
	sums := map[string]int{}
	for _, t := range m.tallies {
		t.AddFieldBytes(sums)
	}
	var fields []fieldBytes
	for path, n := range sums {
		if n > 0 {
			fields = append(fields, fieldBytes{path, n})
		}
	}
	slices.SortFunc(fields, func(a, b fieldBytes) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Path, b.Path))
	})
	fields = fields[:min(len(fields), maxReportedFields)]
	if len(fields) == 0 || err.Extensions["largest"] != nil {
		return
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = fmt.Sprintf("%s (%d)", f.Path, f.Bytes)
	}
	err.Message += "; largest when it was stopped: " + strings.Join(names, ", ")
	err.Extensions["largest"] = fields
}
