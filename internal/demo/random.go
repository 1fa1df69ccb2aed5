package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// randomStream separates the random numbers of one purpose from those of the others, so that a change to
// one kind of row leaves the rest unchanged.
type randomStream uint64

const (
	streamDataset randomStream = iota + 1
	streamUser
	streamCourse
	streamHistory
	streamReview
)

// newRandom returns the generator of one object: the same for the same seed, stream and number.
func (ds *dataset) newRandom(s randomStream, number int) *rand.Rand {
	return rand.New(rand.NewPCG(ds.seed+uint64(s)*0x9e3779b97f4a7c15, uint64(number)))
}

func drawBool(r *rand.Rand, p float64) bool { return r.Float64() < p }

func drawItem[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// drawItems draws n different items and returns them in their order; all if there are fewer.
func drawItems[T any](r *rand.Rand, from []T, n int) []T {
	n = min(n, len(from))
	at := r.Perm(len(from))[:n]
	slices.Sort(at)
	picked := make([]T, n)
	for i, j := range at {
		picked[i] = from[j]
	}
	return picked
}

// courseSampler draws courses with probabilities proportional to their weights.
type courseSampler struct {
	courses    []int32
	cumulative []float64
}

func (s *courseSampler) addCourse(course int32, weight float64) {
	total := weight
	if n := len(s.cumulative); n > 0 {
		total += s.cumulative[n-1]
	}
	s.courses = append(s.courses, course)
	s.cumulative = append(s.cumulative, total)
}

func (s *courseSampler) drawCourse(r *rand.Rand) int32 {
	x := r.Float64() * s.cumulative[len(s.cumulative)-1]
	i, _ := slices.BinarySearchFunc(s.cumulative, x, cmp.Compare[float64])
	return s.courses[min(i, len(s.courses)-1)]
}
