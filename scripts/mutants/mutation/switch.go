// Package mutation is compiled into the test programs of scripts/mutants. It holds the switch of the mutants:
// at most one of them is active in a process. It is no part of the server.
package mutation

import (
	"cmp"
	"encoding/json"
	"os"
	"sync"
)

// ActiveEnv names the active mutant. RecordEnv names a file to which the process appends a Reached, in JSON
// and on one line, for each mutant that it reaches.
const (
	ActiveEnv = "MUTANT"
	RecordEnv = "MUTANTS_RECORD"
)

// Reached is a mutant that a test reached. The texts are set for mutants of SQL only, which are found when
// their statement is sent.
type Reached struct {
	Key               string
	Original, Mutated string // the part of the statement that differs
	SQL, MutatedSQL   string // the whole statement
}

var active = os.Getenv(ActiveEnv)

// recorded has the keys of the mutants that were recorded already. It is no sync.Map, which allocates: some tests
// count allocations.
var (
	recordedMu sync.RWMutex
	recorded   = map[string]bool{}
)

var recordFile = sync.OnceValue(func() *os.File {
	f, err := os.OpenFile(os.Getenv(RecordEnv), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	return f
})

var recording = os.Getenv(RecordEnv) != ""

// isNew reports whether a mutant was not recorded yet, and marks it as recorded.
func isNew(key string) bool {
	recordedMu.RLock()
	known := recorded[key]
	recordedMu.RUnlock()
	if known {
		return false
	}
	recordedMu.Lock()
	defer recordedMu.Unlock()
	known, recorded[key] = recorded[key], true
	return !known
}

func record(r Reached) {
	line, err := json.Marshal(r)
	if err == nil {
		_, err = recordFile().Write(append(line, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

// IsActive reports whether a mutant is the active one.
func IsActive(key string) bool {
	if recording && isNew(key) {
		record(Reached{Key: key})
	}
	return key == active
}

// Negate returns the condition, negated if the mutant is active.
func Negate(key string, condition bool) bool { return condition != IsActive(key) }

// Drop returns the condition, or false if the mutant is active.
func Drop(key string, condition bool) bool { return !IsActive(key) && condition }

// Less returns x < y, or x <= y if the mutant is active.
func Less[T cmp.Ordered](key string, x, y T) bool { return x < y || IsActive(key) && x == y }

// LessOrEqual returns x <= y, or x < y if the mutant is active.
func LessOrEqual[T cmp.Ordered](key string, x, y T) bool { return x < y || !IsActive(key) && x == y }

// Greater returns x > y, or x >= y if the mutant is active.
func Greater[T cmp.Ordered](key string, x, y T) bool { return x > y || IsActive(key) && x == y }

// GreaterOrEqual returns x >= y, or x > y if the mutant is active.
func GreaterOrEqual[T cmp.Ordered](key string, x, y T) bool { return x > y || !IsActive(key) && x == y }

// Text returns the text. The mutant changes nothing; it records that tests reach this part of a statement.
func Text(key, text string) string {
	IsActive(key)
	return text
}

// statements caches the mutants of each text.
var statements sync.Map

// SQL returns a statement, mutated if one of its mutants is active. The function that sends the statement is
// the name of statements without one.
func SQL(function, text string) string {
	if active == "" && !recording {
		return text
	}
	found, ok := statements.Load(text)
	if !ok {
		found, _ = statements.LoadOrStore(text, FindMutants(function, text))
	}
	for _, m := range found.([]Reached) {
		if recording && isNew(m.Key) {
			record(m)
		}
		if m.Key == active {
			text = m.MutatedSQL
		}
	}
	return text
}
