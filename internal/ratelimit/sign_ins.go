package ratelimit

import (
	"context"
	"sync"

	"github.com/7p-education/api/internal/cache"
)

// signInLimiter limits the attempts of one address to sign in. An attempt takes one from the address's
// bucket before its password is checked, so that concurrent guesses cannot exceed the limit, and returns
// it after a success. If the bucket is empty while attempts are in progress, a further one waits for them
// before it is rejected, because they may return theirs: a class signs in at the same time.
type signInLimiter struct {
	*countedLimiter
	refundable refundableLimiter // the limiter that is counted
	delays     *delayQueue       // of attempts that wait

	mu         sync.Mutex
	inProgress map[string]*addressAttempts // by key
}

// addressAttempts are the attempts of one address in progress in this process, at least one.
type addressAttempts struct {
	count int
	ended chan struct{} // closed when one ends
}

func newSignInLimiter(p Policy, r *cache.Redis, delays *delayQueue) *signInLimiter {
	if p.Disabled() {
		return nil
	}
	limiter := newRefundableLimiter(p, r)
	return &signInLimiter{
		countedLimiter: &countedLimiter{Limiter: limiter, policy: p}, refundable: limiter, delays: delays,
		inProgress: map[string]*addressAttempts{},
	}
}

// ConsumeSignIn takes an attempt to begin a session from the bucket of the request's address, or returns
// an *edu.Error of the code RATE_LIMITED. It may wait for other attempts of the address, up to 5 s. The
// rules of ConsumeCost apply; the error may also be that of the context.
func (l *Limits) ConsumeSignIn(ctx context.Context) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.signIns == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxDelay)
	defer cancel()
	return l.signIns.beginAttempt(ctx, limited)
}

// RefundSignIn returns the attempt of ConsumeSignIn, whose password was right.
func (l *Limits) RefundSignIn(ctx context.Context) {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.signIns == nil || !limited.signingIn {
		return
	}
	limited.setHeaders(l.signIns.refundable.Refund(ctx, addressKey(limited.caller.address)))
	l.signIns.endAttempt(limited)
}

// ConsumeRejectedRefresh takes an attempt for an invalid refresh token, as ConsumeSignIn does, and does
// not wait.
func (l *Limits) ConsumeRejectedRefresh(ctx context.Context) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.signIns == nil {
		return nil
	}
	return l.signIns.record(limited, l.signIns.Limiter.Allow(ctx, addressKey(limited.caller.address), 1))
}

// beginAttempt takes an attempt from the bucket of the request's address. Unless the context ends, it
// waits while other attempts are in progress and the bucket is empty.
func (s *signInLimiter) beginAttempt(ctx context.Context, limited *limitedRequest) error {
	key := addressKey(limited.caller.address)
	for {
		ended := s.nextEnd(key)
		d := s.Limiter.Allow(ctx, key, 1)
		if d.Allowed {
			s.startAttempt(limited, key)
			return s.record(limited, d)
		}
		if ended == nil {
			ended = s.nextEnd(key)
		}
		if ended == nil || !s.delays.awaitSignal(ctx, limited, ended) {
			return s.record(limited, d)
		}
	}
}

// record counts the decision about an attempt and sets its headers. It returns the error of a rejection.
func (s *signInLimiter) record(limited *limitedRequest, d Decision) error {
	if !d.Allowed {
		s.rejected.Add(1)
		return limited.rejectRequest(d, exceededMessage("too many sign-in attempts", d.Policy))
	}
	s.allowed.Add(1)
	limited.setHeaders(d)
	return nil
}

// nextEnd returns a channel that is closed when an attempt of key ends, nil if none is in progress.
func (s *signInLimiter) nextEnd(key string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.inProgress[key]; a != nil {
		return a.ended
	}
	return nil
}

// startAttempt records that the request has an attempt in progress.
func (s *signInLimiter) startAttempt(limited *limitedRequest, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.inProgress[key]
	if a == nil {
		a = &addressAttempts{ended: make(chan struct{})}
		s.inProgress[key] = a
	}
	a.count++
	limited.signingIn = true
}

// endAttempt records that the request has no attempt in progress any more, and wakes the waiting ones.
func (s *signInLimiter) endAttempt(limited *limitedRequest) {
	if !limited.signingIn {
		return
	}
	limited.signingIn = false
	key := addressKey(limited.caller.address)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.inProgress[key]
	close(a.ended)
	a.ended = make(chan struct{})
	if a.count--; a.count == 0 {
		delete(s.inProgress, key)
	}
}
