package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
)

// The maximum number of calls that wait to hash a password, and how long they wait. A hash takes
// about 25 ms of a processor, so a full queue is about one second of work for two processors.
const (
	maxQueued    = 64
	maxQueueTime = 2 * time.Second
)

// errHasherBusy is returned to calls that would wait too long.
var errHasherBusy = edu.Errorf(edu.Unavailable, "too many sign-ins at once: try again")

// PasswordHasher hashes a limited number of passwords at a time. Each hash takes 19 MiB of memory and
// one processor. A flood of sign-ins is therefore queued, and rejected once the queue is full.
type PasswordHasher struct {
	queueSlots *semaphore.Weighted // held while a call waits or hashes
	hashSlots  *semaphore.Weighted // held while a call hashes
}

// NewPasswordHasher returns a PasswordHasher that hashes as many passwords at a time as there are
// processors. A process needs one.
func NewPasswordHasher() *PasswordHasher {
	n := int64(runtime.GOMAXPROCS(0))
	return &PasswordHasher{queueSlots: semaphore.NewWeighted(n + maxQueued), hashSlots: semaphore.NewWeighted(n)}
}

// HashPassword returns the stored form of a password: argon2id with a new salt, as a PHC string. It
// fails with edu.Unavailable if the queue is full, or with the context's error.
func (p *PasswordHasher) HashPassword(ctx context.Context, password string) (string, error) {
	release, err := p.acquireSlot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return HashWithSalt(password, generateSalt()), nil
}

// VerifyPassword reports whether a password matches a stored hash. If the hash has weaker parameters
// than the current ones, rehashed is the hash to store instead, otherwise "". An empty or unreadable
// hash matches no password, and takes as long as any other. VerifyPassword fails as HashPassword does.
func (p *PasswordHasher) VerifyPassword(ctx context.Context, password, stored string) (match bool, rehashed string, err error) {
	release, err := p.acquireSlot(ctx)
	if err != nil {
		return false, "", err
	}
	defer release()
	h, ok := parsePasswordHash(stored)
	if !ok {
		h = dummyHash
	}
	if !h.matchesPassword(password) || !ok {
		return false, "", nil
	}
	if h.needsRehash() {
		rehashed = HashWithSalt(password, generateSalt())
	}
	return true, rehashed, nil
}

// acquireSlot waits for a slot to hash a password; the caller must call release afterwards. It fails
// with errHasherBusy if the queue is full or after maxQueueTime, or with the context's error.
func (p *PasswordHasher) acquireSlot(ctx context.Context) (release func(), err error) {
	if !p.queueSlots.TryAcquire(1) {
		return nil, errHasherBusy
	}
	waitCtx, cancel := context.WithTimeout(ctx, maxQueueTime)
	defer cancel()
	if p.hashSlots.Acquire(waitCtx, 1) != nil {
		p.queueSlots.Release(1)
		return nil, cmp.Or(ctx.Err(), errHasherBusy)
	}
	return func() { p.hashSlots.Release(1); p.queueSlots.Release(1) }, nil
}

func generateSalt() (salt [saltLength]byte) {
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand aborts the program instead
	return salt
}
