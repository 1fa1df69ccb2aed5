package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// The three accounts.
const (
	studentID    = 1
	instructorID = 2
	adminID      = 3
)

// world is what several tables must agree on: people, courses, videos and how
// popular each course is. It is some 150 bytes a course and 10 a user. Users,
// courses and videos are counted from 0 here; their ids are one more.
type world struct {
	size       size
	seed       uint64
	now        int64
	categories []category
	topics     []topic
	joined     []int64  // when each user signed up, ascending
	wanted     []uint16 // how many courses each user takes
	courses    []course // by creation
	seconds    []int32  // of each video
	popular    lottery
	inCategory []lottery
	password   string // the hash of Password
}

type category struct {
	name, slug string
	tags       []string
	topics     []int // into world.topics
}

type topic struct {
	name, arc     string
	category      int
	tags, lessons []string
}

// categoryText is a category as written down in the text_*.go files; their
// heads say what a line of topics is.
type categoryText struct{ name, slug, tags, topics string }

type course struct {
	instructor int // index of the user
	topic      int
	title      string // "" for one that is drawn
	difficulty int    // into difficulties
	created    int64
	published  int64 // 0 for a draft that never was
	listed     bool  // published now
	quality    float64
	renown     float64 // the order of popularity, 1 at most
	firstVideo int     // into world.seconds
	videos     int
	duration   int32 // the sum of its videos, seconds
}

func newWorld(n size, seed uint64, now time.Time) *world {
	w := &world{size: n, seed: seed, now: now.Unix()}
	w.readTexts()
	r := w.dice(streamWorld, 0)
	w.signUp(r)
	w.teach(r)
	w.film(r)
	w.rank()
	w.share(r)
	w.password = w.passwordHash()
	return w
}

func (w *world) readTexts() {
	for _, text := range slices.Concat(codeCategories, dataCategories, workCategories, lifeCategories) {
		c := category{name: text.name, slug: text.slug, tags: strings.Split(text.tags, ", ")}
		for line := range strings.Lines(strings.TrimSpace(text.topics)) {
			f := strings.Split(strings.TrimSpace(line), " | ")
			c.topics = append(c.topics, len(w.topics))
			w.topics = append(w.topics, topic{
				name: f[0], arc: f[1], category: len(w.categories),
				tags: strings.Split(f[2], ", "), lessons: strings.Split(f[3], "; "),
			})
		}
		w.categories = append(w.categories, c)
	}
}

// signUp spreads the users over 1,000 days, more of them each month.
func (w *world) signUp(r *rand.Rand) {
	const span = float64(1000*day - 2*hour)
	n := float64(w.size.users)
	w.joined = make([]int64, w.size.users)
	for i := range w.joined {
		w.joined[i] = w.now - 1000*day + int64(span*math.Pow((float64(i)+r.Float64())/n, 0.6))
	}
}

// Every how many users one teaches. With some 5.7 courses each and ten users a
// course, instructors are among the first 35 % of users, and so have had time.
const usersPerInstructor = 20

// teach makes the courses, instructor by instructor, and orders them by age.
func (w *world) teach(r *rand.Rand) {
	for i := 0; len(w.courses) < w.size.courses; i++ {
		if i == 0 {
			w.courses = append(w.courses, w.accountCourses(r)...)
			continue
		}
		user := adminID + (i-1)*usersPerInstructor
		home := w.categories[int(float64(len(w.categories))*math.Pow(r.Float64(), 1.25))]
		n := 1 + int(15*math.Pow(r.Float64(), 2))
		if i <= len(w.categories) { // No category is empty, however few the courses.
			home, n = w.categories[i-1], 3+n%4
		}
		topics := r.Perm(len(home.topics))
		for k := range min(n, w.size.courses-len(w.courses)) {
			t := home.topics[topics[k%len(topics)]]
			if chance(r, 0.15) {
				t = r.IntN(len(w.topics))
			}
			w.courses = append(w.courses, w.newCourse(r, user, t))
		}
	}
	slices.SortFunc(w.courses, func(a, b course) int { return cmp.Compare(a.created, b.created) })
}

func (w *world) newCourse(r *rand.Rand, user, topic int) course {
	c := course{
		instructor: user,
		topic:      topic,
		difficulty: pick(r, []int{0, 0, 0, 0, 1, 1, 1, 2, 2}),
		quality:    min(max(4.25+0.38*r.NormFloat64(), 3.2), 4.9),
		renown:     0.98 * r.Float64(),
		videos:     4 + r.IntN(5) + r.IntN(4),
	}
	if chance(r, 0.1) {
		c.videos += r.IntN(10)
	}
	from := w.joined[user] + 2*day
	if chance(r, 0.08) {
		if chance(r, 0.8) {
			c.created = moment(r, max(from, w.now-120*day), w.now-day, 1)
			return c
		}
		c.publish(r, moment(r, from, w.now-60*day, 1), w.now)
		c.listed = false
		c.renown *= 0.4
		return c
	}
	c.publish(r, moment(r, from, w.now-3*day, 1), w.now)
	return c
}

// publish sets the times of a course made at the time created.
func (c *course) publish(r *rand.Rand, created, now int64) {
	c.created = created
	c.published = moment(r, created+hour, min(created+30*day, now-day), 1)
	c.listed = true
}

// film gives each video its length.
func (w *world) film(r *rand.Rand) {
	for i := range w.courses {
		c := &w.courses[i]
		c.firstVideo = len(w.seconds)
		for range c.videos {
			s := int32(200 + r.IntN(600) + r.IntN(600))
			w.seconds = append(w.seconds, s)
			c.duration += s
		}
	}
}

// rank makes popularity fall as (rank + 20)^-0.9, a Zipf-Mandelbrot law: of
// 5,000 courses the first has 0.7 % of all enrollments, the first tenth half of
// them. A course younger than a year has had less time to be found.
func (w *world) rank() {
	order := make([]int32, 0, len(w.courses))
	for i, c := range w.courses {
		if c.published != 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Compare(w.courses[b].renown, w.courses[a].renown)
	})
	w.inCategory = make([]lottery, len(w.categories))
	for rank, i := range order {
		age := float64(w.now-w.courses[i].published) / float64(365*day)
		weight := math.Pow(float64(rank+20), -0.9) * min(age, 1)
		w.popular.add(i, weight)
		w.inCategory[w.topics[w.courses[i].topic].category].add(i, weight)
	}
}

// share deals the enrollments out: most people take a few courses, some take
// dozens, one in twelve none, newcomers fewer. The sum is exact.
func (w *world) share(r *rand.Rand) {
	weights := make([]float64, len(w.joined))
	var sum float64
	for i := range weights {
		if i != studentID-1 && !chance(r, 1.0/12) {
			age := float64(w.now-w.joined[i]) / float64(365*day)
			weights[i] = math.Exp(0.6*r.NormFloat64()) * (0.3 + min(age, 1))
			sum += weights[i]
		}
	}
	w.wanted = make([]uint16, len(w.joined))
	w.wanted[studentID-1] = studentCourses
	perWeight := float64(w.size.enrollments-studentCourses) / sum
	var upTo float64
	dealt := 0
	for i, weight := range weights {
		upTo += weight * perWeight
		if weight > 0 {
			n := int(math.Round(upTo)) - dealt
			dealt += n
			w.wanted[i] = uint16(n)
		}
	}
}
