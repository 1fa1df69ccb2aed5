package auth

import (
	"context"
	"crypto/rand"
	"runtime"
	"time"

	"github.com/7p-education/api/edu"
)

// How many wait to hash a password, and how long. A hash takes some 25 ms of a
// processor, so a full queue is about a second of work for two.
const (
	maxWaiting  = 64
	maxWaitTime = 2 * time.Second
)

// errBusy is the answer to those who would wait too long.
var errBusy = edu.Errorf(edu.Unavailable, "too many are signing in just now; try again")

// Passwords hashes passwords, a few at a time: each hash fills 19 MiB of memory
// and a processor, so that a flood of sign-ins must queue, and its end be turned
// away, rather than take all of both.
type Passwords struct {
	admitted chan struct{} // who hashes or waits
	running  chan struct{} // who hashes
}

// NewPasswords returns Passwords that hash as many at a time as there are
// processors for. A process needs one.
func NewPasswords() *Passwords {
	n := runtime.GOMAXPROCS(0)
	return &Passwords{admitted: make(chan struct{}, n+maxWaiting), running: make(chan struct{}, n)}
}

// Hash returns what to store of a password: argon2id with a salt of its own, as
// a PHC string. It fails with edu.Unavailable where too many wait, or with the
// context's error.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return HashWithSalt(password, newSalt()), nil
}

// Verify tells whether a password is the one of a stored hash. Renewed is what
// to store instead where that was made with weaker parameters than today's, ""
// where it may stay. An empty hash, or one that cannot be read, is no password's;
// telling so takes as long as for any other. It fails as Hash does.
func (p *Passwords) Verify(ctx context.Context, password, stored string) (good bool, renewed string, err error) {
	done, err := p.turn(ctx)
	if err != nil {
		return false, "", err
	}
	defer done()
	h, known := parseHash(stored)
	if !known {
		h = nobody
	}
	if !h.of(password) || !known {
		return false, "", nil
	}
	if h.weaker() {
		renewed = HashWithSalt(password, newSalt())
	}
	return true, renewed, nil
}

// turn waits until a hash may be made; done must be called after it.
func (p *Passwords) turn(ctx context.Context) (done func(), err error) {
	select {
	case p.admitted <- struct{}{}:
	default:
		return nil, errBusy
	}
	patience := time.NewTimer(maxWaitTime)
	defer patience.Stop()
	select {
	case p.running <- struct{}{}:
		return func() { <-p.running; <-p.admitted }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-patience.C:
		err = errBusy
	}
	<-p.admitted
	return nil, err
}

func newSalt() (salt [saltLength]byte) {
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	return salt
}
