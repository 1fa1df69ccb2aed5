package persisted

import "sync"

// maxRegisteredTexts is the maximum number of texts that registeredTexts remembers; any further text is
// parsed each time.
const maxRegisteredTexts = 10_000

// registeredTexts remembers which document a registered text stands for. It is safe for concurrent use.
type registeredTexts struct {
	mu        sync.RWMutex
	documents map[string]*Document // by the hash of the text; nil for none
}

// findOrAdd returns the document of a hash, which find returns the first time.
func (t *registeredTexts) findOrAdd(hash string, find func() *Document) *Document {
	t.mu.RLock()
	d, known := t.documents[hash]
	t.mu.RUnlock()
	if known {
		return d
	}
	d = find()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.documents == nil {
		t.documents = map[string]*Document{}
	}
	if len(t.documents) < maxRegisteredTexts {
		t.documents[hash] = d
	}
	return d
}
