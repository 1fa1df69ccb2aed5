//go:build !race

package leasemodel

const withRaceDetector = false
