package demo

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/7p-education/api/internal/auth"
)

// How many courses student@7p.example takes.
const studentCourses = 24

type account struct{ name, email, role, plan string }

// The accounts, by id.
var accounts = []account{
	studentID - 1:    {"Sofía Lindqvist", "student@7p.example", "student", "premium"},
	instructorID - 1: {"Daniel Okafor", "instructor@7p.example", "instructor", "premium"},
	adminID - 1:      {"Mei-Lin Tan", "admin@7p.example", "admin", "premium"},
}

// passwordHash hashes Password. The salt is that of the seed: two loads must give
// the same rows, and the password is public.
func (w *world) passwordHash() string {
	salt := binary.BigEndian.AppendUint64([]byte("7p demo "), w.seed)
	return auth.HashWithSalt(Password, [16]byte(salt))
}

// accountCourses makes those of instructor@7p.example: ten that are old, well
// liked and among the tenth most taken, and two drafts.
// knownTopic is that of the one course whose title and slug every load has,
// whatever its seed, scale and time: examples name it.
const knownTopic = "GraphQL"

func (w *world) accountCourses(r *rand.Rand) []course {
	const user = instructorID - 1
	topics := append(some(r, w.categories[1].topics, 7), some(r, w.categories[0].topics, 5)...)
	known := w.knownTopic()
	topics = append([]int{known}, slices.DeleteFunc(topics, func(t int) bool { return t == known })...)[:len(topics)]
	list := make([]course, len(topics))
	for i, t := range topics {
		c := w.newCourse(r, user, t)
		c.videos = 9 + r.IntN(6)
		if i%6 == 5 {
			c.created, c.published, c.listed = w.now-int64(10+i)*day, 0, false
		} else {
			c.publish(r, moment(r, w.joined[user]+5*day, w.now-250*day, 1), w.now)
			c.quality = 4.55 + 0.3*r.Float64()
			c.renown = 1 - 0.01*float64(i)
		}
		list[i] = c
	}
	list[0].title = w.knownTitle()
	return list
}

func (w *world) knownTopic() int {
	return slices.IndexFunc(w.topics, func(t topic) bool { return t.name == knownTopic })
}

func (w *world) knownTitle() string {
	t := w.topics[w.knownTopic()]
	return t.name + ": " + t.arc
}

// studentHistory is the history of student@7p.example: every fourth course not
// begun, a quarter completed, the rest under way, with something watched on
// most of the last 30 days.
func (w *world) studentHistory() []enrollment {
	r := w.dice(streamHistory, studentID-1)
	list := make([]enrollment, 0, studentCourses)
	for i := range studentCourses {
		e := enrollment{course: w.studentCourse(r, list, i)}
		from := max(w.now-400*day, w.courses[e.course].published)
		e.enrolled = moment(r, from, w.now-61*day, 1)
		list = append(list, e)
	}
	var recent []*enrollment
	for i := range list {
		e, videos := &list[i], w.courses[list[i].course].videos
		switch i % 8 {
		case 0, 4: // Not begun.
		case 1: // Completed, long ago where it was begun long ago.
			e.finished = videos
			w.watch(r, e, e.enrolled, min(e.enrolled+50*day, w.now-30*day))
		case 2: // Completed of late.
			e.finished = videos
			recent = append(recent, e)
		default:
			e.finished = max(1, videos*(i%5+1)/7)
			recent = append(recent, e)
		}
	}
	w.studyDaily(r, recent)
	for i := range list {
		if e := &list[i]; w.courses[e.course].listed && (e.completed != 0 || i%8 == 3) {
			w.rate(r, e, 4.4)
		}
	}
	return list
}

// studentCourse draws a listed course, older than 90 days, from six categories
// in turn.
func (w *world) studentCourse(r *rand.Rand, list []enrollment, i int) int32 {
	from, known := &w.inCategory[[]int{0, 1, 7, 9, 12, 17}[i%6]], w.knownTitle()
	for try := 0; ; try++ {
		if try > 100 || len(from.courses) == 0 {
			from = &w.popular
		}
		id := from.draw(r)
		// The course that examples name is left for them to enroll in.
		if c := w.courses[id]; c.listed && c.published < w.now-90*day && c.title != known && !takes(list, id) {
			return id
		}
	}
}

// studyDaily spreads the sittings of several courses, a video of each in turn,
// over the last 60 days: every third day at first, six days of seven in the
// last 30.
func (w *world) studyDaily(r *rand.Rand, courses []*enrollment) {
	var ago []int64
	for d := int64(59); d >= 0; d-- {
		if d < 30 && d%7 != 4 || d >= 30 && d%3 == 0 {
			ago = append(ago, d)
		}
	}
	total := 0
	for _, e := range courses {
		e.sittings = w.sittings(r, w.courses[e.course], e.finished)
		total += len(e.sittings)
	}
	placed := 0
	var at int64
	for turn := 0; placed < total; turn++ {
		for _, e := range courses {
			if turn < len(e.sittings) {
				d := ago[placed*len(ago)/total]
				at = max(at+20*minute, w.now-d*day-6*hour+r.Int64N(2*hour))
				e.sittings[turn].at = at
				placed++
			}
		}
	}
	for _, e := range courses {
		w.settle(e)
	}
}
