//go:build race

package leasemodel

// withRaceDetector is set where exploring takes five times as long, and one goroutine explores.
const withRaceDetector = true
