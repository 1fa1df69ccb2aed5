package transport

import (
	"errors"
	"net/http"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
)

// The bytes that decoded JSON takes in memory, which can be fifty times the bytes of its text
// (TestInputMemory).
const (
	// valueBytes is the memory of any value: its place in a list that has room to grow, and the header of a
	// list, an object, a string or a number, with what their allocations round up.
	valueBytes = 72
	// firstMemberBytes is the memory of an object with up to eight members, and furtherMemberBytes that of
	// each member beyond.
	firstMemberBytes   = 288
	furtherMemberBytes = 72
)

// freeInputBytes is the decoded input of a request that is not counted: pages send less, and so need no lock.
const freeInputBytes = memory.MinReservation / 2

// errNoInputMemory ends the decoding of a request.
var errNoInputMemory = errors.New("no memory for decoded input")

// inputMemory reserves memory for the values that are decoded from a request. The zero value reserves
// nothing.
type inputMemory struct {
	meter    *memory.Meter
	reserved int // with what is free
	used     int
}

// newInputMemory returns the memory of a request, which is not limited if the meter is nil.
func newInputMemory(meter *memory.Meter) inputMemory {
	return inputMemory{meter: meter, reserved: freeInputBytes}
}

// count counts n bytes. The error is errNoInputMemory if the caller has no memory left.
func (m *inputMemory) count(n int) error {
	m.used += n
	if m.meter == nil || m.used <= m.reserved {
		return nil
	}
	step := max(m.used-m.reserved, memory.MinReservation)
	if !m.meter.ReserveInput(step) {
		return errNoInputMemory
	}
	m.reserved += step
	return nil
}

// textBytes returns the memory of a text, which allocations round up by an eighth at most.
func textBytes(n int) int { return n + n/8 }

// memberBytes returns the memory of one more member of an object.
func memberBytes(members int) int {
	switch {
	case members == 0:
		return firstMemberBytes
	case members < 8:
		return 0
	default:
		return furtherMemberBytes
	}
}

// rejectedInput rejects a request whose caller has no memory for its parameters.
func rejectedInput() *response.RequestError {
	return response.NewRequestError(http.StatusServiceUnavailable, string(edu.Unavailable),
		"the server has no memory left for large variables of this caller: read the responses in progress first, or send fewer values")
}
