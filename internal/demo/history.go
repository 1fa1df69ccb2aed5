package demo

import (
	"math/rand/v2"
	"slices"
)

// enrollment is one course of one learner with its whole history.
type enrollment struct {
	course         int32
	finishedVideos int // videos watched to the end
	enrolledAt     int64
	accessedAt     int64 // the last progress event; 0 for none
	completedAt    int64
	progressEvents []progressEvent // of the last 90 days, oldest first
	rating         int             // 0 without a review
	reviewedAt     int64
}

// progressEvent is one sitting of one video.
type progressEvent struct {
	video     int   // index of the video
	seconds   int32 // the furthest position
	watched   int32 // seconds of video watched
	watchedAt int64
}

// makeHistory returns the whole history of a user. It costs about 20 µs, so each table generates it
// again.
func (ds *dataset) makeHistory(user int) []enrollment {
	if user == studentID-1 {
		return ds.makeStudentHistory()
	}
	r := ds.newRandom(streamHistory, user)
	n := int(ds.courseCounts[user])
	tastes := [3]int{r.IntN(len(ds.categories)), r.IntN(len(ds.categories)), r.IntN(len(ds.categories))}
	list := make([]enrollment, 0, n)
	for len(list) < n {
		from := &ds.popularitySampler
		if taste := &ds.categorySamplers[drawItem(r, tastes[:])]; drawBool(r, 0.5) && len(taste.courses) > 0 {
			from = taste
		}
		// A user who has all courses of a category draws from all courses, and soon finds one.
		for try := 0; ; try++ {
			if try == 8 {
				from = &ds.popularitySampler
			}
			c := from.drawCourse(r)
			if ds.courses[c].instructor != user && !hasCourse(list, c) {
				list = append(list, ds.makeEnrollment(r, user, c))
				break
			}
		}
	}
	return list
}

func hasCourse(list []enrollment, course int32) bool {
	return slices.ContainsFunc(list, func(e enrollment) bool { return e.course == course })
}

// makeEnrollment generates one course of a user: begun or not, continued or dropped, reviewed or not.
func (ds *dataset) makeEnrollment(r *rand.Rand, user int, i int32) enrollment {
	c := &ds.courses[i]
	from := max(ds.joinedAt[user], c.publishedAt, ds.now-730*day)
	e := enrollment{course: i, enrolledAt: drawActivityTime(r, from, ds.now-hour, 1)}
	start := e.enrolledAt + int64(r.ExpFloat64()*1.5*float64(day))
	if drawBool(r, 0.12) || start > ds.now-hour {
		return e
	}
	span := 4*day + int64(r.ExpFloat64()*30*float64(day))
	e.finishedVideos = c.videos
	if !drawBool(r, 0.4) {
		e.finishedVideos = 1 + r.IntN(c.videos-1)
	}
	last := start + span*int64(e.finishedVideos)/int64(c.videos)
	if last >= ds.now {
		e.finishedVideos = min(max(1, int(int64(c.videos)*(ds.now-start)/span)), c.videos-1)
		last = ds.now
	} else if e.finishedVideos < c.videos && drawBool(r, 0.1) {
		last = max(last, ds.now-int64(r.ExpFloat64()*25*float64(day))) // resumed later
	}
	ds.spreadProgress(r, &e, start, last)
	if c.listed {
		ds.maybeReview(r, &e)
	}
	return e
}

// spreadProgress distributes the progress events of an enrollment over [start, last).
func (ds *dataset) spreadProgress(r *rand.Rand, e *enrollment, start, last int64) {
	e.progressEvents = ds.makeProgressEvents(r, ds.courses[e.course], e.finishedVideos)
	times := make([]int64, len(e.progressEvents))
	for i := range times {
		times[i] = drawActivityTime(r, start, last, 1)
	}
	slices.Sort(times)
	for i, t := range times {
		e.progressEvents[i].watchedAt = t
	}
	ds.deriveTimestamps(e)
}

// makeProgressEvents returns the events of finishing n videos, without times. Some videos are
// interrupted first, and often the next video is begun.
func (ds *dataset) makeProgressEvents(r *rand.Rand, c course, n int) []progressEvent {
	list := make([]progressEvent, 0, n+n/2+1)
	for k := range min(n+1, c.videos) {
		video := c.firstVideo + k
		length := ds.videoSeconds[video]
		if drawBool(r, 0.1) {
			list = append(list, progressEvent{video: video, seconds: 20 + r.Int32N(length*4/5)})
		}
		if k < n {
			list = append(list, progressEvent{video: video, seconds: length})
		}
	}
	return list
}

// deriveTimestamps sets the fields that follow from the times of the progress events, and removes the
// events older than 90 days.
func (ds *dataset) deriveTimestamps(e *enrollment) {
	e.accessedAt = e.progressEvents[len(e.progressEvents)-1].watchedAt
	if e.finishedVideos == ds.courses[e.course].videos {
		e.completedAt = e.accessedAt
	}
	e.deriveWatched()
	e.progressEvents = slices.DeleteFunc(e.progressEvents, func(p progressEvent) bool { return p.watchedAt < ds.now-90*day })
}

// deriveWatched sets the time watched of the progress events, and merges those of one sitting, by the rules
// of edu.WatchHistory. A video has at most two events, one after the other.
func (e *enrollment) deriveWatched() {
	list := e.progressEvents[:0]
	for _, p := range e.progressEvents {
		p.watched = p.seconds
		if n := len(list); n > 0 && list[n-1].video == p.video {
			before, passed := list[n-1], p.watchedAt-list[n-1].watchedAt
			p.watched = int32(min(int64(p.seconds-before.seconds), 2*passed))
			if passed <= 30*60 {
				p.watched += before.watched
				list = list[:n-1]
			}
		}
		list = append(list, p)
	}
	e.progressEvents = list
}

// maybeReview decides whether the learner writes a review, which is more likely with more progress.
func (ds *dataset) maybeReview(r *rand.Rand, e *enrollment) {
	c := ds.courses[e.course]
	progress := float64(e.finishedVideos) / float64(c.videos)
	if drawBool(r, 0.1+0.48*progress*progress) {
		ds.drawRating(r, e, c.quality)
	}
}

func (ds *dataset) drawRating(r *rand.Rand, e *enrollment, quality float64) {
	e.rating = int(quality)
	if drawBool(r, quality-float64(e.rating)) {
		e.rating++
	}
	switch x := r.Float64(); { // opinions differ
	case x < 0.04:
		e.rating = max(1, e.rating-2)
	case x < 0.12:
		e.rating = max(1, e.rating-1)
	case x < 0.32:
		e.rating = min(5, e.rating+1)
	}
	e.reviewedAt = drawActivityTime(r, e.accessedAt, min(e.accessedAt+6*day, ds.now), 0.5)
}

// countHistory counts the reviews and progress events of all users, sets the counters of the courses, and stores the
// courses that each user takes.
func (ds *dataset) countHistory() (reviews, progressEvents int) {
	ds.coursesTaken = make([][]int32, len(ds.joinedAt))
	for user := range ds.joinedAt {
		history := ds.makeHistory(user)
		ds.coursesTaken[user] = make([]int32, len(history))
		for i, e := range history {
			ds.coursesTaken[user][i] = e.course
			ds.courses[e.course].enrollments++
			progressEvents += len(e.progressEvents)
			if e.rating > 0 {
				reviews++
				ds.courses[e.course].ratings[e.rating-1]++
			}
		}
	}
	return reviews, progressEvents
}
