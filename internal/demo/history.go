package demo

import (
	"math/rand/v2"
	"slices"
)

// enrollment is one course of one learner, with all that came of it.
type enrollment struct {
	course     int32
	finished   int // videos seen to the end
	enrolled   int64
	accessed   int64 // the last sitting; 0 where there was none
	completed  int64
	sittings   []sitting // those of the last 90 days, the oldest first
	rating     int       // 0 where there is no review
	reviewedAt int64
}

// sitting is one time before one video.
type sitting struct {
	video   int // index of the video
	seconds int32
	at      int64
}

// history makes all a user ever did. It costs some 20 µs, so each table makes it
// anew.
func (w *world) history(user int) []enrollment {
	if user == studentID-1 {
		return w.studentHistory()
	}
	r := w.dice(streamHistory, user)
	n := int(w.wanted[user])
	tastes := [3]int{r.IntN(len(w.categories)), r.IntN(len(w.categories)), r.IntN(len(w.categories))}
	list := make([]enrollment, 0, n)
	for len(list) < n {
		from := &w.popular
		if taste := &w.inCategory[pick(r, tastes[:])]; chance(r, 0.5) && len(taste.courses) > 0 {
			from = taste
		}
		// Whoever has all of a category takes any course, and soon finds one.
		for try := 0; ; try++ {
			if try == 8 {
				from = &w.popular
			}
			c := from.draw(r)
			if w.courses[c].instructor != user && !takes(list, c) {
				list = append(list, w.enroll(r, user, c))
				break
			}
		}
	}
	return list
}

func takes(list []enrollment, course int32) bool {
	return slices.ContainsFunc(list, func(e enrollment) bool { return e.course == course })
}

// enroll plays out one course: begun or not, kept at or dropped, reviewed or not.
func (w *world) enroll(r *rand.Rand, user int, i int32) enrollment {
	c := &w.courses[i]
	from := max(w.joined[user], c.published, w.now-730*day)
	e := enrollment{course: i, enrolled: moment(r, from, w.now-hour, 1)}
	start := e.enrolled + int64(r.ExpFloat64()*1.5*float64(day))
	if chance(r, 0.12) || start > w.now-hour {
		return e
	}
	span := 4*day + int64(r.ExpFloat64()*30*float64(day))
	e.finished = c.videos
	if !chance(r, 0.4) {
		e.finished = 1 + r.IntN(c.videos-1)
	}
	last := start + span*int64(e.finished)/int64(c.videos)
	if last >= w.now {
		e.finished = min(max(1, int(int64(c.videos)*(w.now-start)/span)), c.videos-1)
		last = w.now
	} else if e.finished < c.videos && chance(r, 0.1) {
		last = max(last, w.now-int64(r.ExpFloat64()*25*float64(day))) // Taken up again.
	}
	w.watch(r, &e, start, last)
	if c.listed {
		w.review(r, &e)
	}
	return e
}

// watch spreads the sittings of an enrollment over [start, last).
func (w *world) watch(r *rand.Rand, e *enrollment, start, last int64) {
	e.sittings = w.sittings(r, w.courses[e.course], e.finished)
	times := make([]int64, len(e.sittings))
	for i := range times {
		times[i] = moment(r, start, last, 1)
	}
	slices.Sort(times)
	for i, t := range times {
		e.sittings[i].at = t
	}
	w.settle(e)
}

// sittings lists what is watched to finish n videos, without times: now and
// then a video is broken off first, and often the next one is begun.
func (w *world) sittings(r *rand.Rand, c course, n int) []sitting {
	list := make([]sitting, 0, n+n/2+1)
	for k := range min(n+1, c.videos) {
		video := c.firstVideo + k
		length := w.seconds[video]
		if chance(r, 0.1) {
			list = append(list, sitting{video: video, seconds: 20 + r.Int32N(length*4/5)})
		}
		if k < n {
			list = append(list, sitting{video: video, seconds: length})
		}
	}
	return list
}

// settle sets what follows from the times of the sittings, and forgets those
// older than 90 days.
func (w *world) settle(e *enrollment) {
	e.accessed = e.sittings[len(e.sittings)-1].at
	if e.finished == w.courses[e.course].videos {
		e.completed = e.accessed
	}
	e.sittings = slices.DeleteFunc(e.sittings, func(s sitting) bool { return s.at < w.now-90*day })
}

// review decides whether the learner writes one, likelier the further they got.
func (w *world) review(r *rand.Rand, e *enrollment) {
	c := w.courses[e.course]
	seen := float64(e.finished) / float64(c.videos)
	if chance(r, 0.1+0.48*seen*seen) {
		w.rate(r, e, c.quality)
	}
}

func (w *world) rate(r *rand.Rand, e *enrollment, quality float64) {
	e.rating = int(quality)
	if chance(r, quality-float64(e.rating)) {
		e.rating++
	}
	switch x := r.Float64(); { // Opinions differ.
	case x < 0.04:
		e.rating = max(1, e.rating-2)
	case x < 0.12:
		e.rating = max(1, e.rating-1)
	case x < 0.32:
		e.rating = min(5, e.rating+1)
	}
	e.reviewedAt = moment(r, e.accessed, min(e.accessed+6*day, w.now), 0.5)
}

// countHistory counts the reviews and sittings of all users.
func (w *world) countHistory() (reviews, sittings int) {
	for user := range w.joined {
		for _, e := range w.history(user) {
			sittings += len(e.sittings)
			if e.rating > 0 {
				reviews++
			}
		}
	}
	return reviews, sittings
}
