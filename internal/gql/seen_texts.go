package gql

import "sync"

// maxSeenTexts is how many texts are remembered; what comes after that is not new.
const maxSeenTexts = 10_000

// seenTexts tells what comes for the first time. It is safe for concurrent use.
type seenTexts struct {
	mu    sync.Mutex
	texts map[string]struct{}
}

func (s *seenTexts) addUnseen(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.texts[text]; known || len(s.texts) >= maxSeenTexts {
		return false
	}
	if s.texts == nil {
		s.texts = map[string]struct{}{}
	}
	s.texts[text] = struct{}{}
	return true
}
