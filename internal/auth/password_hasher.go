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
	maxQueued    = 64
	maxQueueTime = 2 * time.Second
)

// errHasherBusy is the answer to those who would wait too long.
var errHasherBusy = edu.Errorf(edu.Unavailable, "too many are signing in just now; try again")

// PasswordHasher hashes passwords, a few at a time: each hash fills 19 MiB of memory
// and a processor, so that a flood of sign-ins must queue, and its end be turned
// away, rather than take all of both.
type PasswordHasher struct {
	queueSlots chan struct{} // who hashes or waits
	hashSlots  chan struct{} // who hashes
}

// NewPasswordHasher returns Passwords that hash as many at a time as there are
// processors for. A process needs one.
func NewPasswordHasher() *PasswordHasher {
	n := runtime.GOMAXPROCS(0)
	return &PasswordHasher{queueSlots: make(chan struct{}, n+maxQueued), hashSlots: make(chan struct{}, n)}
}

// HashPassword returns what to store of a password: argon2id with a salt of its own, as
// a PHC string. It fails with edu.Unavailable where too many wait, or with the
// context's error.
func (p *PasswordHasher) HashPassword(ctx context.Context, password string) (string, error) {
	done, err := p.acquireSlot(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return HashWithSalt(password, generateSalt()), nil
}

// VerifyPassword tells whether a password is the one of a stored hash. Renewed is what
// to store instead where that was made with weaker parameters than today's, ""
// where it may stay. An empty hash, or one that cannot be read, is no password's;
// telling so takes as long as for any other. It fails as Hash does.
func (p *PasswordHasher) VerifyPassword(ctx context.Context, password, stored string) (good bool, renewed string, err error) {
	done, err := p.acquireSlot(ctx)
	if err != nil {
		return false, "", err
	}
	defer done()
	h, known := parsePasswordHash(stored)
	if !known {
		h = dummyHash
	}
	if !h.matchesPassword(password) || !known {
		return false, "", nil
	}
	if h.needsRehash() {
		renewed = HashWithSalt(password, generateSalt())
	}
	return true, renewed, nil
}

// acquireSlot waits until a hash may be made; done must be called after it.
func (p *PasswordHasher) acquireSlot(ctx context.Context) (done func(), err error) {
	select {
	case p.queueSlots <- struct{}{}:
	default:
		return nil, errHasherBusy
	}
	timeout := time.NewTimer(maxQueueTime)
	defer timeout.Stop()
	select {
	case p.hashSlots <- struct{}{}:
		return func() { <-p.hashSlots; <-p.queueSlots }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout.C:
		err = errHasherBusy
	}
	<-p.queueSlots
	return nil, err
}

func generateSalt() (salt [saltLength]byte) {
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	return salt
}
