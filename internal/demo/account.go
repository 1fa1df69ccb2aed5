package demo

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/7p-education/api/internal/auth"
)

// studentCourses is the number of courses that student@7p.example takes.
const studentCourses = 24

type account struct{ name, email, role, plan string }

// accounts are the three accounts, by id.
var accounts = []account{
	studentID - 1:    {"Sofía Lindqvist", "student@7p.example", "student", "premium"},
	instructorID - 1: {"Daniel Okafor", "instructor@7p.example", "instructor", "premium"},
	adminID - 1:      {"Mei-Lin Tan", "admin@7p.example", "admin", "premium"},
}

// AccountEmails returns the emails of the accounts that have a password, by id.
func AccountEmails() []string {
	emails := make([]string, len(accounts))
	for i, a := range accounts {
		emails[i] = a.email
	}
	return emails
}

// hashPassword hashes Password. The salt is derived from the seed: two loads must generate the same
// rows, and the password is public.
func (ds *dataset) hashPassword() string {
	salt := binary.BigEndian.AppendUint64([]byte("7p demo "), ds.seed)
	return auth.HashWithSalt(Password, [16]byte(salt))
}

// exampleTopic is the topic of the one course whose title and slug are the same in every load, for any
// seed, scale and time: examples name it.
const exampleTopic = "GraphQL"

// makeAccountCourses returns the courses of instructor@7p.example: ten that are old, well rated and
// among the tenth with the most enrollments, and two drafts.
func (ds *dataset) makeAccountCourses(r *rand.Rand) []course {
	const user = instructorID - 1
	topics := append(drawItems(r, ds.categories[1].topics, 7), drawItems(r, ds.categories[0].topics, 5)...)
	example := ds.findExampleTopic()
	topics = append([]int{example}, slices.DeleteFunc(topics, func(t int) bool { return t == example })...)[:len(topics)]
	list := make([]course, len(topics))
	for i, t := range topics {
		c := ds.newCourse(r, user, t)
		c.videos = 9 + r.IntN(6)
		if i%6 == 5 {
			c.createdAt, c.publishedAt, c.listed = ds.now-int64(10+i)*day, 0, false
		} else {
			c.setPublishTimes(r, drawActivityTime(r, ds.joinedAt[user]+5*day, ds.now-250*day, 1), ds.now)
			c.quality = 4.55 + 0.3*r.Float64()
			c.popularity = 1 - 0.01*float64(i)
		}
		list[i] = c
	}
	list[0].title = ds.exampleTitle()
	return list
}

func (ds *dataset) findExampleTopic() int {
	return slices.IndexFunc(ds.topics, func(t topic) bool { return t.name == exampleTopic })
}

func (ds *dataset) exampleTitle() string {
	t := ds.topics[ds.findExampleTopic()]
	return t.name + ": " + t.arc
}

// makeStudentHistory returns the history of student@7p.example. Every fourth course is not begun, a
// quarter is completed and the rest is in progress. On most of the last 30 days a video was watched.
func (ds *dataset) makeStudentHistory() []enrollment {
	r := ds.newRandom(streamHistory, studentID-1)
	list := make([]enrollment, 0, studentCourses)
	for i := range studentCourses {
		e := enrollment{course: ds.drawStudentCourse(r, list, i)}
		from := max(ds.now-400*day, ds.courses[e.course].publishedAt)
		e.enrolledAt = drawActivityTime(r, from, ds.now-61*day, 1)
		list = append(list, e)
	}
	var recent []*enrollment
	for i := range list {
		e, videos := &list[i], ds.courses[list[i].course].videos
		switch i % 8 {
		case 0, 4: // not begun
		case 1: // completed, long ago if begun long ago
			e.finishedVideos = videos
			ds.spreadProgress(r, e, e.enrolledAt, min(e.enrolledAt+50*day, ds.now-30*day))
		case 2: // completed recently
			e.finishedVideos = videos
			recent = append(recent, e)
		default:
			e.finishedVideos = max(1, videos*(i%5+1)/7)
			recent = append(recent, e)
		}
	}
	ds.scheduleStudyDays(r, recent)
	for i := range list {
		if e := &list[i]; ds.courses[e.course].listed && (e.completedAt != 0 || i%8 == 3) {
			ds.drawRating(r, e, 4.4)
		}
	}
	return list
}

// drawStudentCourse draws a listed course older than 90 days, from six categories in turn.
func (ds *dataset) drawStudentCourse(r *rand.Rand, list []enrollment, i int) int32 {
	from, example := &ds.categorySamplers[[]int{0, 1, 7, 9, 12, 17}[i%6]], ds.exampleTitle()
	for try := 0; ; try++ {
		if try > 100 || len(from.courses) == 0 {
			from = &ds.popularitySampler
		}
		id := from.drawCourse(r)
		// The example course is excluded, so that the student can enroll in it.
		if c := ds.courses[id]; c.listed && c.publishedAt < ds.now-90*day && c.title != example && !hasCourse(list, id) {
			return id
		}
	}
}

// scheduleStudyDays distributes the progress events of several courses, one of each course in turn, over
// the last 60 days: every third day at first, six days of seven in the last 30.
func (ds *dataset) scheduleStudyDays(r *rand.Rand, courses []*enrollment) {
	var daysAgo []int64
	for d := int64(59); d >= 0; d-- {
		if d < 30 && d%7 != 4 || d >= 30 && d%3 == 0 {
			daysAgo = append(daysAgo, d)
		}
	}
	total := 0
	for _, e := range courses {
		e.progressEvents = ds.makeProgressEvents(r, ds.courses[e.course], e.finishedVideos)
		total += len(e.progressEvents)
	}
	placed := 0
	var at int64
	for round := 0; placed < total; round++ {
		for _, e := range courses {
			if round < len(e.progressEvents) {
				d := daysAgo[placed*len(daysAgo)/total]
				at = max(at+20*minute, ds.now-d*day-6*hour+r.Int64N(2*hour))
				e.progressEvents[round].watchedAt = at
				placed++
			}
		}
	}
	for _, e := range courses {
		ds.deriveTimestamps(e)
	}
}
