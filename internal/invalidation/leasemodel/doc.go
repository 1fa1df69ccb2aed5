// Package leasemodel is a model of the read leases of package invalidation, and explores all of its states
// up to a bound. It has no code that the server runs.
//
// Time advances in ticks. Between two ticks any process may make any number of steps in any order, so a step
// may also be delayed for any time: a paused process is one that makes no step. Commands to Redis may be
// lost, or be executed after the process that sent them has timed out. The invariant is the guarantee of the
// response cache: no process with a valid lease has an index that lacks an acknowledged write.
package leasemodel
