package jobs

import "time"

// SetLeaseRenewal sets the time between two renewals of a lease. Not while a job runs.
func SetLeaseRenewal(d time.Duration) { leaseRenewal = d }
