package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// stream separates the random numbers of one purpose from those of the others,
// so that a change to one kind of row leaves the rest as it was.
type stream uint64

const (
	streamWorld stream = iota + 1
	streamUser
	streamCourse
	streamHistory
	streamReview
)

// dice returns the generator of one thing: the same for the same seed, stream
// and number.
func (w *world) dice(s stream, number int) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed+uint64(s)*0x9e3779b97f4a7c15, uint64(number)))
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// some picks n different items, in their order; all where there are fewer.
func some[T any](r *rand.Rand, from []T, n int) []T {
	n = min(n, len(from))
	at := r.Perm(len(from))[:n]
	slices.Sort(at)
	picked := make([]T, n)
	for i, j := range at {
		picked[i] = from[j]
	}
	return picked
}

// lottery draws courses, each as often as its weight says.
type lottery struct {
	courses []int32
	upTo    []float64
}

func (l *lottery) add(course int32, weight float64) {
	total := weight
	if n := len(l.upTo); n > 0 {
		total += l.upTo[n-1]
	}
	l.courses = append(l.courses, course)
	l.upTo = append(l.upTo, total)
}

func (l *lottery) draw(r *rand.Rand) int32 {
	x := r.Float64() * l.upTo[len(l.upTo)-1]
	i, _ := slices.BinarySearchFunc(l.upTo, x, cmp.Compare[float64])
	return l.courses[min(i, len(l.courses)-1)]
}
