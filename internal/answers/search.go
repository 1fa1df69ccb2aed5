package answers

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/changes"
)

// search looks for the answer to a request in all places where it can be kept.
type search struct {
	answers *Answers
	key     Key
	viewer  edu.Viewer
	names   [ByViewer + 1]string // made when they are needed
	near    *Answer              // of the widest scope that is kept in this process; nil for none
	scope   Scope                // of near
	ahead   chan [][]byte        // what Redis has, where that was asked ahead; nil where not
}

func (s *search) name(scope Scope) string {
	if s.names[scope] == "" {
		s.names[scope] = s.key.name(scope, s.viewer)
	}
	return s.names[scope]
}

// look looks for an answer in this process, of a scope or the next.
func (s *search) look(scope Scope) {
	s.near = nil
	for ; s.near == nil && scope <= ByViewer; scope++ {
		s.near, _ = s.answers.near.GetIfPresent(s.name(scope))
		s.scope = scope
	}
}

// begin looks in this process, and asks Redis ahead where nothing is kept there: what
// it has comes while the log is read, and so takes no time of its own.
func (s *search) begin(ctx context.Context) {
	a := s.answers
	if s.look(Public); s.near != nil || a.redis == nil {
		return
	}
	keys, ahead := s.keys(), make(chan [][]byte, 1)
	s.ahead = ahead
	go func() { ahead <- a.fetch(ctx, keys) }()
}

// find returns the answer that is kept, nil for none, and whether it was far, in
// Redis. It must be given how far the log goes, read after the request came.
func (s *search) find(ctx context.Context, now changes.Position) (answer *Answer, far bool) {
	if answer := s.here(now); answer != nil {
		return answer, false
	}
	if s.answers.redis == nil {
		return nil, false
	}
	var texts [][]byte
	if s.ahead != nil {
		texts = <-s.ahead // within the deadline of a use of Redis
	} else {
		texts = s.answers.fetch(ctx, s.keys())
	}
	answer = s.there(now, texts)
	return answer, answer != nil
}

// here returns the answer in this process, from the scope of near on, nil for none.
func (s *search) here(now changes.Position) *Answer {
	for ; s.near != nil; s.look(s.scope + 1) {
		if s.answers.good(s.near, now) {
			return s.near
		}
	}
	return nil
}

// there returns the answer among the texts that Redis has under keys, nil for none, and
// keeps it in this process.
func (s *search) there(now changes.Position, texts [][]byte) *Answer {
	for i, text := range texts {
		answer, err := unmarshal(text)
		if err != nil || time.Now().After(answer.expires()) || !s.answers.good(answer, now) {
			continue
		}
		s.answers.near.Set(s.name(Scope(i)), answer)
		return answer
	}
	return nil
}

// keys are where Redis would have the answer.
func (s *search) keys() []string {
	keys := make([]string, len(s.names))
	for scope := range s.names {
		keys[scope] = s.answers.redis.Key(s.name(Scope(scope)))
	}
	return keys
}

// fetch returns what Redis has under keys.
func (a *Answers) fetch(ctx context.Context, keys []string) [][]byte {
	var got []any
	err := a.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		got, err = c.MGet(ctx, keys...).Result()
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return nil
	}
	texts := make([][]byte, len(got))
	for i, v := range got {
		if text, ok := v.(string); ok {
			texts[i] = []byte(text)
		}
	}
	return texts
}
