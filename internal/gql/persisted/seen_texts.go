package persisted

import "sync"

// maxSeenTexts is the maximum number of texts that seenTexts remembers; any further text counts as
// seen.
const maxSeenTexts = 10_000

// seenTexts reports which texts appear for the first time. It is safe for concurrent use.
type seenTexts struct {
	mu    sync.Mutex
	texts map[string]struct{}
}

// addUnseen adds a text and reports whether it is new.
func (s *seenTexts) addUnseen(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, seen := s.texts[text]; seen || len(s.texts) >= maxSeenTexts {
		return false
	}
	if s.texts == nil {
		s.texts = map[string]struct{}{}
	}
	s.texts[text] = struct{}{}
	return true
}
