package demo

import (
	"fmt"
	"iter"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/7p-education/api/internal/covers"
)

var (
	categoryColumns = []string{"id", "name", "slug"}
	courseColumns   = []string{
		"id", "slug", "title", "description", "tags", "difficulty", "price", "duration_seconds", "language", "thumbnail_url",
		"published", "published_at", "instructor_id", "category_id", "created_at", "updated_at", "learning_outcomes", "requirements",
		"enrollment_count", "video_count", "review_count", "rating_sum", "rating_average", "rating_counts",
	}
	sectionColumns = []string{"course_id", "title", "position", "first_position", "created_at"}
	videoColumns   = []string{"id", "course_id", "title", "position", "duration_seconds", "is_preview", "media", "created_at"}
)

var difficulties = [3]string{"beginner", "intermediate", "advanced"}

// prices are the prices in US cents of the courses that are not free.
var prices = []int64{990, 1490, 1990, 1990, 2490, 2990, 2990, 3990, 3990, 4990, 4990, 5990, 6990, 7990, 8990, 9990, 12990, 14990, 19990}

func (ds *dataset) categoryRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, c := range ds.categories {
			if !yield([]any{i + 1, c.name, c.slug}) {
				return
			}
		}
	}
}

func (ds *dataset) courseRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		taken := make(map[string]bool, len(ds.courses))
		for _, c := range ds.courses {
			if c.title != "" {
				taken[slugify(c.title)] = true
			}
		}
		for i := range ds.courses {
			if !yield(ds.courseRow(ds.newRandom(streamCourse, i), i, taken)) {
				return
			}
		}
	}
}

// courseRow returns the row of a course, and adds its slug to taken.
func (ds *dataset) courseRow(r *rand.Rand, i int, taken map[string]bool) []any {
	c := ds.courses[i]
	t := ds.topics[c.topic]
	title, slug := ds.drawTitleAndSlug(r, c, taken)
	taken[slug] = true

	price := centsToNumeric(0)
	if !drawBool(r, 0.25) {
		price = centsToNumeric(drawItem(r, prices))
	}
	var thumbnail any
	if c.publishedAt != 0 || drawBool(r, 0.5) {
		thumbnail = coverBase + covers.Path + covers.Name(i)
	}
	updated := drawActivityTime(r, max(c.createdAt, c.publishedAt), ds.now, 0.7)
	row := []any{
		i + 1, slug, title, drawDescription(r, t, difficulties[c.difficulty]), ds.drawTags(r, c), difficulties[c.difficulty],
		price, c.duration, "en", thumbnail, c.listed, nullableTime(c.publishedAt), c.instructor + 1, t.category + 1,
		timeFromUnix(c.createdAt), timeFromUnix(updated), drawOutcomes(r, t), drawRequirements(r, t, c.difficulty),
	}
	return append(row, c.counters()...)
}

// counters returns the columns that triggers maintain otherwise. In a load they would rewrite each course many times.
func (c *course) counters() []any {
	var reviews, sum int64
	for i, n := range c.ratings {
		reviews += int64(n)
		sum += int64(i+1) * int64(n)
	}
	var average any
	if reviews > 0 {
		// The triggers divide numerics, which have 16 decimals here.
		average, _ = strconv.ParseFloat(big.NewRat(sum, reviews).FloatString(16), 64)
	}
	return []any{c.enrollments, c.videos, reviews, sum, average, c.ratings[:]}
}

// drawOutcomes returns four to six learning outcomes, each of a lesson of its own.
func drawOutcomes(r *rand.Rand, t topic) []string {
	lines := drawItems(r, learningOutcomes, 4+r.IntN(3))
	lessons := drawItems(r, t.lessons, len(lines))
	for i := range lines {
		lines[i] = strings.NewReplacer("{topic}", t.name, "{lesson}", lessons[i]).Replace(lines[i])
	}
	return lines
}

// drawRequirements returns two or three requirements, the first of the difficulty.
func drawRequirements(r *rand.Rand, t topic, difficulty int) []string {
	lines := append([]string{drawItem(r, priorKnowledge[difficulty])}, drawItems(r, requirements, 1+r.IntN(2))...)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "{topic}", t.name)
	}
	return lines
}

// drawTitleAndSlug draws a title whose slug is not taken. After eight taken slugs it appends a number.
func (ds *dataset) drawTitleAndSlug(r *rand.Rand, c course, taken map[string]bool) (title, slug string) {
	if c.title != "" {
		return c.title, slugify(c.title)
	}
	for range 8 {
		title = ds.drawTitle(r, c)
		slug = slugify(title)
		if !taken[slug] {
			return title, slug
		}
	}
	for n := 2; ; n++ {
		if numbered := fmt.Sprintf("%s-%d", slug, n); !taken[numbered] {
			return title, numbered
		}
	}
}

func (ds *dataset) drawTitle(r *rand.Rand, c course) string {
	t := ds.topics[c.topic]
	pattern := drawItem(r, titles[c.difficulty])
	return strings.NewReplacer("{topic}", t.name, "{arc}", t.arc, "{lesson}", drawItem(r, t.lessons)).Replace(pattern)
}

// drawTags returns three to six tags: the topic's first, more of the topic, and some of its category.
func (ds *dataset) drawTags(r *rand.Rand, c course) []string {
	t := ds.topics[c.topic]
	list := append(t.tags[:1:1], drawItems(r, t.tags[1:], 1+r.IntN(3))...)
	general := slices.DeleteFunc(slices.Clone(ds.categories[t.category].tags), func(tag string) bool {
		return slices.Contains(list, tag)
	})
	return append(list, drawItems(r, general, 1+r.IntN(2))...)
}

// drawDescription returns a description of 400 to 700 characters.
func drawDescription(r *rand.Rand, t topic, level string) string {
	lessons := drawItems(r, t.lessons, 4)
	fill := strings.NewReplacer("{topic}", t.name, "{level}", level,
		"{a}", lessons[0], "{b}", lessons[1], "{c}", lessons[2], "{d}", lessons[3])
	parts := []string{drawItem(r, openings), drawItem(r, contents), drawItem(r, methods), drawItem(r, outcomes)}
	return fill.Replace(strings.Join(parts, " "))
}

func (ds *dataset) videoRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, c := range ds.courses {
			titles := listVideoTitles(ds.topics[c.topic], c.videos)
			for k, title := range titles {
				at := timeFromUnix(c.createdAt + int64(k)*minute)
				id, media := c.firstVideo+k, sampleMP4
				if k%4 == 1 {
					media = sampleHLS
				}
				if !yield([]any{id + 1, i + 1, fmt.Sprintf("%d. %s", k+1, title), k + 1, ds.videoSeconds[id], k == 0, media, at}) {
					return
				}
			}
		}
	}
}

const exercisePrefix = "Exercise: "

// The files of the sample video, which internal/media has: the second of four videos has HLS, the others MP4.
var (
	sampleMP4 = sampleMedia("video.mp4")
	sampleHLS = sampleMedia("index.m3u8")
)

func sampleMedia(file string) string {
	return `{"path": "sample/` + file + `", "width": 640, "height": 360, "poster": "sample/poster.jpg", "captions": [` +
		`{"language": "en", "label": "English", "path": "sample/en.vtt"}, {"language": "de", "label": "Deutsch", "path": "sample/de.vtt"}]}`
}

// listVideoTitles returns the titles of a course's videos: a welcome, the topic's lessons in order, each
// followed by an exercise while the number of videos allows it, and a project.
func listVideoTitles(t topic, videos int) []string {
	lessons := min(videos-2, len(t.lessons))
	exercises := videos - 2 - lessons
	list := []string{"Welcome to " + t.name}
	for i := range lessons {
		// A short course has lessons evenly spaced over the topic.
		lesson := t.lessons[i*len(t.lessons)/lessons]
		list = append(list, lesson)
		if exercises > 0 {
			list = append(list, exercisePrefix+lesson)
			exercises--
		}
	}
	return append(list, "Project: "+t.arc)
}

func (ds *dataset) sectionRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, c := range ds.courses {
			for k, s := range listSections(listVideoTitles(ds.topics[c.topic], c.videos)) {
				if !yield([]any{i + 1, s.title, k + 1, s.first, timeFromUnix(c.createdAt)}) {
					return
				}
			}
		}
	}
}

// countSections returns the number of sections of all courses.
func (ds *dataset) countSections() (n int) {
	for _, c := range ds.courses {
		n += len(listSections(listVideoTitles(ds.topics[c.topic], c.videos)))
	}
	return n
}

// section is a section of a course, and the position of its first video.
type section struct {
	title string
	first int
}

// videosPerSection is about the number of videos of a section.
const videosPerSection = 4

// listSections divides a course into two sections or more, by the titles of its videos. An exercise is in the
// section of its lesson.
func listSections(videos []string) []section {
	n := max(2, len(videos)/videosPerSection)
	starts := []int{0}
	for i := 1; i < n; i++ {
		at := i * len(videos) / n
		if strings.HasPrefix(videos[at], exercisePrefix) {
			at++
		}
		starts = append(starts, at)
	}
	sections := make([]section, n)
	for i, start := range starts {
		sections[i] = section{"Getting Started", start + 1}
		switch {
		case i == n-1:
			sections[i].title = "Putting It to Work"
		case i > 0:
			sections[i].title = nameSection(videos[start:starts[i+1]])
		}
	}
	return sections
}

// nameSection returns the title of a section by its first and its last lesson.
func nameSection(videos []string) string {
	first, last := videos[0], strings.TrimPrefix(videos[len(videos)-1], exercisePrefix)
	if first == last {
		return first
	}
	return first + " to " + last
}
