package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// The ids of the three accounts.
const (
	studentID    = 1
	instructorID = 2
	adminID      = 3
)

// dataset holds the data that several tables share: people, courses, videos and the popularity of each
// course. It takes about 180 bytes per course, 40 per user and 4 per enrollment. Users, courses and videos are
// numbered from 0 here; their ids are one higher.
type dataset struct {
	size              rowCounts
	seed              uint64
	now               int64
	categories        []category
	topics            []topic
	joinedAt          []int64   // when each user signed up, ascending
	courseCounts      []uint16  // how many courses each user takes
	coursesTaken      [][]int32 // the courses of each user, set by countHistory
	courses           []course  // by creation
	videoSeconds      []int32   // of each video
	popularitySampler courseSampler
	categorySamplers  []courseSampler
	hashedPassword    string // the hash of Password
}

type category struct {
	name, slug string
	tags       []string
	topics     []int // indexes into dataset.topics
}

type topic struct {
	name, arc     string
	category      int
	tags, lessons []string
}

// categoryText is the text of a category in the text_*.go files, which describe the format of topics.
type categoryText struct{ name, slug, tags, topics string }

type course struct {
	instructor  int // index of the user
	topic       int
	title       string // "" to draw one
	difficulty  int    // index into difficulties
	createdAt   int64
	publishedAt int64 // 0 for a draft that was never published
	listed      bool  // published now
	quality     float64
	popularity  float64 // sort key of the popularity, 1 at most
	firstVideo  int     // index into dataset.videoSeconds
	videos      int
	duration    int32    // the sum of its videos in seconds
	enrollments int32    // set by countHistory, as are the ratings
	ratings     [5]int32 // the number of reviews with 1 to 5 stars
}

func newDataset(n rowCounts, seed uint64, now time.Time) *dataset {
	ds := &dataset{size: n, seed: seed, now: now.Unix()}
	ds.parseTexts()
	r := ds.newRandom(streamDataset, 0)
	ds.spreadSignUps(r)
	ds.makeCourses(r)
	ds.drawVideoLengths(r)
	ds.rankCourses()
	ds.assignEnrollments(r)
	ds.hashedPassword = ds.hashPassword()
	return ds
}

func (ds *dataset) parseTexts() {
	for _, text := range slices.Concat(codeCategories, dataCategories, workCategories, lifeCategories) {
		c := category{name: text.name, slug: text.slug, tags: strings.Split(text.tags, ", ")}
		for line := range strings.Lines(strings.TrimSpace(text.topics)) {
			f := strings.Split(strings.TrimSpace(line), " | ")
			c.topics = append(c.topics, len(ds.topics))
			ds.topics = append(ds.topics, topic{
				name: f[0], arc: f[1], category: len(ds.categories),
				tags: strings.Split(f[2], ", "), lessons: strings.Split(f[3], "; "),
			})
		}
		ds.categories = append(ds.categories, c)
	}
}

// spreadSignUps distributes the users over 1,000 days, with more of them each month.
func (ds *dataset) spreadSignUps(r *rand.Rand) {
	const span = float64(1000*day - 2*hour)
	n := float64(ds.size.users)
	ds.joinedAt = make([]int64, ds.size.users)
	for i := range ds.joinedAt {
		ds.joinedAt[i] = ds.now - 1000*day + int64(span*math.Pow((float64(i)+r.Float64())/n, 0.6))
	}
}

// usersPerInstructor is the number of users per instructor. With about 5.7 courses each and ten users
// per course, instructors are among the first 35 % of users, and thus signed up early enough.
const usersPerInstructor = 20

// makeCourses generates the courses, instructor by instructor, and orders them by age.
func (ds *dataset) makeCourses(r *rand.Rand) {
	for i := 0; len(ds.courses) < ds.size.courses; i++ {
		if i == 0 {
			ds.courses = append(ds.courses, ds.makeAccountCourses(r)...)
			continue
		}
		user := adminID + (i-1)*usersPerInstructor
		home := ds.categories[int(float64(len(ds.categories))*math.Pow(r.Float64(), 1.25))]
		n := 1 + int(15*math.Pow(r.Float64(), 2))
		if i <= len(ds.categories) { // every category gets a course at any scale
			home, n = ds.categories[i-1], 3+n%4
		}
		topics := r.Perm(len(home.topics))
		for k := range min(n, ds.size.courses-len(ds.courses)) {
			t := home.topics[topics[k%len(topics)]]
			if drawBool(r, 0.15) {
				t = r.IntN(len(ds.topics))
			}
			ds.courses = append(ds.courses, ds.newCourse(r, user, t))
		}
	}
	slices.SortFunc(ds.courses, func(a, b course) int { return cmp.Compare(a.createdAt, b.createdAt) })
}

func (ds *dataset) newCourse(r *rand.Rand, user, topic int) course {
	c := course{
		instructor: user,
		topic:      topic,
		difficulty: drawItem(r, []int{0, 0, 0, 0, 1, 1, 1, 2, 2}),
		quality:    min(max(4.25+0.38*r.NormFloat64(), 3.2), 4.9),
		popularity: 0.98 * r.Float64(),
		videos:     4 + r.IntN(5) + r.IntN(4),
	}
	if drawBool(r, 0.1) {
		c.videos += r.IntN(10)
	}
	from := ds.joinedAt[user] + 2*day
	if drawBool(r, 0.08) {
		if drawBool(r, 0.8) {
			c.createdAt = drawActivityTime(r, max(from, ds.now-120*day), ds.now-day, 1)
			return c
		}
		c.setPublishTimes(r, drawActivityTime(r, from, ds.now-60*day, 1), ds.now)
		c.listed = false
		c.popularity *= 0.4
		return c
	}
	c.setPublishTimes(r, drawActivityTime(r, from, ds.now-3*day, 1), ds.now)
	return c
}

// setPublishTimes sets the times of a course that is created at created.
func (c *course) setPublishTimes(r *rand.Rand, created, now int64) {
	c.createdAt = created
	c.publishedAt = drawActivityTime(r, created+hour, min(created+30*day, now-day), 1)
	c.listed = true
}

// drawVideoLengths draws the length of each video.
func (ds *dataset) drawVideoLengths(r *rand.Rand) {
	for i := range ds.courses {
		c := &ds.courses[i]
		c.firstVideo = len(ds.videoSeconds)
		for range c.videos {
			s := int32(200 + r.IntN(600) + r.IntN(600))
			ds.videoSeconds = append(ds.videoSeconds, s)
			c.duration += s
		}
	}
}

// rankCourses weights the courses by (rank + 20)^-0.9, a Zipf-Mandelbrot law: of 5,000 courses the first
// has 0.7 % of all enrollments, and the first tenth has half of them. A course younger than a year has
// less weight.
func (ds *dataset) rankCourses() {
	order := make([]int32, 0, len(ds.courses))
	for i, c := range ds.courses {
		if c.publishedAt != 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Compare(ds.courses[b].popularity, ds.courses[a].popularity)
	})
	ds.categorySamplers = make([]courseSampler, len(ds.categories))
	for rank, i := range order {
		age := float64(ds.now-ds.courses[i].publishedAt) / float64(365*day)
		weight := math.Pow(float64(rank+20), -0.9) * min(age, 1)
		ds.popularitySampler.addCourse(i, weight)
		ds.categorySamplers[ds.topics[ds.courses[i].topic].category].addCourse(i, weight)
	}
}

// assignEnrollments distributes the enrollments: most users take a few courses, some take dozens, one in
// twelve takes none, and new users take fewer. The sum is exact.
func (ds *dataset) assignEnrollments(r *rand.Rand) {
	weights := make([]float64, len(ds.joinedAt))
	var sum float64
	for i := range weights {
		if i != studentID-1 && !drawBool(r, 1.0/12) {
			age := float64(ds.now-ds.joinedAt[i]) / float64(365*day)
			weights[i] = math.Exp(0.6*r.NormFloat64()) * (0.3 + min(age, 1))
			sum += weights[i]
		}
	}
	ds.courseCounts = make([]uint16, len(ds.joinedAt))
	ds.courseCounts[studentID-1] = studentCourses
	perWeight := float64(ds.size.enrollments-studentCourses) / sum
	var cumulative float64
	assigned := 0
	for i, weight := range weights {
		cumulative += weight * perWeight
		if weight > 0 {
			n := int(math.Round(cumulative)) - assigned
			assigned += n
			ds.courseCounts[i] = uint16(n)
		}
	}
}
