package leasemodel

import "os"

// testedBounds returns the bounds within which TestNoStaleHit explores all states. The race detector leaves time for
// small ones only. The variable LEASE_MODEL adds larger ones, which take minutes and several GB of memory.
func testedBounds() map[string]bounds {
	tested := map[string]bounds{
		"failures": {members: 1, writers: 1, exchanges: 2, faults: 1},
		"replays":  {members: 1, writers: 2, exchanges: 1, replays: true},
		"members":  {members: 2, writers: 1, exchanges: 1},
	}
	if withRaceDetector {
		tested["failures"] = bounds{members: 1, writers: 1, exchanges: 1, faults: 1}
	}
	if os.Getenv("LEASE_MODEL") != "" {
		tested["two writes"] = bounds{members: 1, writers: 2, exchanges: 2}
		tested["three exchanges"] = bounds{members: 1, writers: 1, exchanges: 3, faults: 1}
		tested["two failures"] = bounds{members: 1, writers: 1, exchanges: 2, faults: 2}
		tested["members and failures"] = bounds{members: 2, writers: 1, exchanges: 1, faults: 1}
	}
	return tested
}
