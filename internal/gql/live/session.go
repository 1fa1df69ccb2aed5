package live

import (
	"context"
	"errors"
	"time"

	"github.com/7p-education/api/edu"
)

// addUser has the stream end when its token does. It requires the mutex.
func (h *Hub) addUser(s *Stream) {
	user := s.viewer.ID
	if h.byUser[user] == nil {
		h.byUser[user] = map[*Stream]struct{}{}
		for _, tag := range userTags(user) {
			h.userTags[tag] = user
		}
	}
	h.byUser[user][s] = struct{}{}
}

// removeUser requires the mutex.
func (h *Hub) removeUser(s *Stream) {
	user := s.viewer.ID
	if delete(h.byUser[user], s); len(h.byUser[user]) == 0 {
		delete(h.byUser, user)
		for _, tag := range userTags(user) {
			delete(h.userTags, tag)
		}
	}
}

// userTags returns the hashes of the tags that change with a user's role and state.
func userTags(user int64) [2]uint64 {
	return [...]uint64{edu.TagUser.WithID(user).NameHash(), edu.TagUserPrivate.WithID(user).NameHash()}
}

// EndAt ends a stream when its token expires; the zero time is never. A later call replaces the time.
func (s *Stream) EndAt(expiry time.Time) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if s.closed || expiry.IsZero() {
		return
	}
	s.expiry = time.AfterFunc(time.Until(expiry), func() {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		s.hub.endSession(s)
	})
}

// endSession requires the mutex.
func (h *Hub) endSession(s *Stream) {
	if !s.closed && s.end == notEnded {
		h.stats.Ended++
		h.leaveWatch(s) // it gets no further response, and executes none
		s.pending = nil // it may be of another account's rights
		s.finish(EndOfToken)
	}
}

// VerifyUser verifies the tokens of a user's streams again, of all users if user is 0: a session has ended, or
// an account has changed.
func (h *Hub) VerifyUser(user int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if user != 0 {
		h.startVerification(user)
		return
	}
	for user := range h.byUser {
		h.startVerification(user)
	}
}

// startVerification requires the mutex.
func (h *Hub) startVerification(user int64) {
	for s := range h.byUser[user] {
		if s.verifyAgain = s.verifying; !s.verifying {
			s.verifying = true
			go h.verify(s)
		}
	}
}

// verify ends a stream whose token is no longer accepted, or whose viewer has another role. If that cannot be
// found out, it tries again: one verification at a time, however many changes there are meanwhile.
func (h *Hub) verify(s *Stream) {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	if h.verifications.Acquire(ctx, 1) == nil {
		defer h.verifications.Release(1)
	}
	v, err := s.verifyToken(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	again := s.verifyAgain
	s.verifying, s.verifyAgain = false, false
	switch {
	case s.closed:
	case isUnavailable(err):
		s.verifying = true
		time.AfterFunc(minRetry, func() { h.verify(s) })
	case err != nil || !v.HasSameRights(s.viewer):
		h.endSession(s)
	case again:
		s.verifying = true
		go h.verify(s)
	}
}

// isUnavailable reports whether an error says that something could not be found out.
func isUnavailable(err error) bool { return errors.Is(err, edu.Unavailable) }
