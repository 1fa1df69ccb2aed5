package gql

import "sync"

// maxSeen is how many texts are remembered; what comes after that is not new.
const maxSeen = 10_000

// seen tells what comes for the first time. It is safe for concurrent use.
type seen struct {
	mu    sync.Mutex
	texts map[string]struct{}
}

func (s *seen) first(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.texts[text]; known || len(s.texts) >= maxSeen {
		return false
	}
	if s.texts == nil {
		s.texts = map[string]struct{}{}
	}
	s.texts[text] = struct{}{}
	return true
}
