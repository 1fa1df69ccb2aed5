package cache

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Problem is a reason for which Redis is not used. Error has the details, for the log.
type Problem struct {
	cause string
	err   error
}

// Error returns the cause and the error of Redis or of the connection.
func (p *Problem) Error() string { return p.cause + ": " + p.err.Error() }

// Unwrap returns the error of Redis or of the connection.
func (p *Problem) Unwrap() error { return p.err }

// HealthCause returns the cause in words that everyone may read: without addresses, users and keys.
func (p *Problem) HealthCause() string { return p.cause }

// replyCauses are the causes of errors that Redis replies with, by the beginning of the error.
var replyCauses = []struct{ prefix, cause string }{
	{"READONLY", "read-only: this Redis is a replica or was demoted; connect to the master"},
	{"OOM", "out of memory: raise maxmemory, or set a maxmemory-policy that evicts"},
	{"NOAUTH", "no password: Redis requires one in the URL"},
	{"WRONGPASS", "wrong user or password"},
	{"MISCONF", "read-only: Redis cannot save its data to its disk"},
	{"NOREPLICAS", "read-only: fewer replicas are connected than min-replicas-to-write requires"},
	{"LOADING", "Redis is loading its data"},
	{"CLUSTERDOWN", "the cluster is incomplete: a part of the slots has no master"},
	{"MASTERDOWN", "the replica has lost its master"},
	{"BUSY", "Redis is running a script that does not end"},
}

// deniedCommand finds the command in the errors of Redis about missing rights.
var deniedCommand = regexp.MustCompile(`permissions to run the '([a-z|]+)' command`)

// newProblem returns the problem behind an error of a check.
func newProblem(err error) *Problem {
	if known, ok := errors.AsType[*Problem](err); ok {
		return known
	}
	return &Problem{cause: describeCause(err), err: err}
}

func describeCause(err error) string {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		return describeReply(reply.Error())
	}
	_, isAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	_, isHostname := errors.AsType[x509.HostnameError](err)
	_, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isNet := errors.AsType[*net.OpError](err)
	switch {
	case isAuthority:
		return "the TLS certificate of Redis is not trusted: set REDIS_TLS_CA_FILE"
	case isHostname, isInvalid:
		return "the TLS certificate of Redis is not valid for its host, or has expired"
	case isTimeout(err):
		return "no reply in time"
	case strings.Contains(err.Error(), "remote error: tls:"):
		return "Redis rejects the TLS certificate of the client"
	case strings.Contains(err.Error(), "sentinels"):
		return "no Sentinel can be reached, or none knows the master"
	case isNet:
		return "no connection"
	}
	return "the connection failed"
}

// describeReply returns the cause of an error that Redis replied with.
func describeReply(reply string) string {
	for _, known := range replyCauses {
		if strings.HasPrefix(reply, known.prefix) {
			return known.cause
		}
	}
	switch denied := deniedCommand.FindStringSubmatch(reply); {
	case denied != nil:
		return "missing right: the user may not run the command " + denied[1]
	case strings.Contains(reply, "permissions to access a channel"), strings.Contains(reply, "the channels used"):
		return "missing right: the user may not use the channels that begin with REDIS_PREFIX"
	case strings.Contains(reply, "permissions to access a key"), strings.Contains(reply, "the keys used"), strings.Contains(reply, "can't access at least one of the keys"):
		return "missing right: the user may not use the keys that begin with REDIS_PREFIX"
	case strings.HasPrefix(reply, "NOPERM"), strings.Contains(reply, "ACL"), strings.Contains(reply, "can't run this command"):
		return "missing right: the user may not run every command that is needed"
	}
	return "Redis rejects a command that is needed"
}

// isReply reports whether an error is a reply of Redis about its state or the rights of the user, which
// a check would get too.
func isReply(err error) bool {
	_, isError := errors.AsType[redis.Error](err)
	_, moved := redis.IsMovedError(err)
	_, moving := redis.IsAskError(err)
	return isError && !errors.Is(err, redis.Nil) && !moved && !moving
}

// errTooSlow is the detail of a problem with the round trip.
var errTooSlow = errors.New("deadline of a use exceeded")

// newSlowProblem returns the problem of a Redis whose replies take longer than the longest deadline.
func newSlowProblem(roundTrip, limit time.Duration) *Problem {
	return &Problem{cause: fmt.Sprintf("too slow: a round trip takes %s, and %s is the limit", roundTrip.Round(time.Millisecond), limit), err: errTooSlow}
}
