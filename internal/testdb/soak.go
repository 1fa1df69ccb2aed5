package testdb

import "os"

// Soak returns the size of a random test: all of it with SOAK in the environment, as make soak sets it, and
// otherwise what the gate has time for.
func Soak(gate, all int) int {
	if os.Getenv("SOAK") != "" {
		return all
	}
	return gate
}
