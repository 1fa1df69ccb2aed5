package demo

import (
	"math/rand/v2"
	"strings"
)

// opinion writes a review that suits its rating: one to four sentences.
func (w *world) opinion(r *rand.Rand, e enrollment) string {
	c := w.courses[e.course]
	t := w.topics[c.topic]
	said := verdicts[e.rating-1]
	parts := []string{pick(r, said.openings)}
	if chance(r, 0.75) {
		parts = append(parts, pick(r, said.details))
	}
	if chance(r, 0.4) {
		parts = append(parts, pick(r, circumstances))
	}
	if chance(r, 0.5) {
		parts = append(parts, pick(r, said.closings))
	}
	lessons := t.lessons[:1+r.IntN(len(t.lessons))]
	return strings.NewReplacer("{topic}", t.name, "{lesson}", pick(r, lessons)).Replace(strings.Join(parts, " "))
}
