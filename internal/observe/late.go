package observe

import "time"

// IsProcessLate reports whether this process waits for processors, so that the time that something took says nothing
// about another program. It takes a millisecond.
func IsProcessLate() bool {
	began := time.Now()
	time.Sleep(time.Millisecond)
	return time.Since(began) > 5*time.Millisecond
}
