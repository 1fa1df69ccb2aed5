package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
)

var (
	categoryColumns = []string{"id", "name", "slug"}
	courseColumns   = []string{
		"id", "slug", "title", "description", "tags", "difficulty", "price", "duration_seconds", "thumbnail_url",
		"published", "published_at", "instructor_id", "category_id", "created_at", "updated_at",
	}
	videoColumns = []string{"id", "course_id", "title", "position", "duration_seconds", "created_at"}
)

var difficulties = [3]string{"beginner", "intermediate", "advanced"}

// Prices in US cents, of the courses that are not free.
var prices = []int64{990, 1490, 1990, 1990, 2490, 2990, 2990, 3990, 3990, 4990, 4990, 5990, 6990, 7990, 8990, 9990, 12990, 14990, 19990}

func (w *world) categoryRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, c := range w.categories {
			if !yield([]any{i + 1, c.name, c.slug}) {
				return
			}
		}
	}
}

func (w *world) courseRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		taken := make(map[string]bool, len(w.courses))
		for _, c := range w.courses {
			if c.title != "" {
				taken[latin(c.title)] = true
			}
		}
		for i := range w.courses {
			if !yield(w.courseRow(w.dice(streamCourse, i), i, taken)) {
				return
			}
		}
	}
}

// courseRow adds the course's slug to those that are taken.
func (w *world) courseRow(r *rand.Rand, i int, taken map[string]bool) []any {
	c := w.courses[i]
	t := w.topics[c.topic]
	title, slug := w.entitle(r, c, taken)
	taken[slug] = true

	price := cents(0)
	if !chance(r, 0.25) {
		price = cents(pick(r, prices))
	}
	var thumbnail any
	if c.published != 0 || chance(r, 0.5) {
		thumbnail = "https://images.7p.example/courses/" + slug + ".jpg"
	}
	updated := moment(r, max(c.created, c.published), w.now, 0.7)
	return []any{
		i + 1, slug, title, describe(r, t, difficulties[c.difficulty]), w.tags(r, c), difficulties[c.difficulty],
		price, c.duration, thumbnail, c.listed, maybeStamp(c.published), c.instructor + 1, t.category + 1,
		stamp(c.created), stamp(updated),
	}
}

// entitle draws a title whose slug is free, and numbers the slug where eight
// are taken.
func (w *world) entitle(r *rand.Rand, c course, taken map[string]bool) (title, slug string) {
	if c.title != "" {
		return c.title, latin(c.title)
	}
	for range 8 {
		title = w.title(r, c)
		slug = latin(title)
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

func (w *world) title(r *rand.Rand, c course) string {
	t := w.topics[c.topic]
	pattern := pick(r, titles[c.difficulty])
	return strings.NewReplacer("{topic}", t.name, "{arc}", t.arc, "{lesson}", pick(r, t.lessons)).Replace(pattern)
}

// tags are three to six: the topic's first, some more of its own, some of its
// category.
func (w *world) tags(r *rand.Rand, c course) []string {
	t := w.topics[c.topic]
	list := append(t.tags[:1:1], some(r, t.tags[1:], 1+r.IntN(3))...)
	general := slices.DeleteFunc(slices.Clone(w.categories[t.category].tags), func(tag string) bool {
		return slices.Contains(list, tag)
	})
	return append(list, some(r, general, 1+r.IntN(2))...)
}

// describe writes 400 to 700 characters.
func describe(r *rand.Rand, t topic, level string) string {
	lessons := some(r, t.lessons, 4)
	fill := strings.NewReplacer("{topic}", t.name, "{level}", level,
		"{a}", lessons[0], "{b}", lessons[1], "{c}", lessons[2], "{d}", lessons[3])
	parts := []string{pick(r, openings), pick(r, contents), pick(r, methods), pick(r, outcomes)}
	return fill.Replace(strings.Join(parts, " "))
}

func (w *world) videoRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, c := range w.courses {
			titles := syllabus(w.topics[c.topic], c.videos)
			for k, title := range titles {
				at := stamp(c.created + int64(k)*minute)
				id := c.firstVideo + k
				if !yield([]any{id + 1, i + 1, fmt.Sprintf("%d. %s", k+1, title), k + 1, w.seconds[id], at}) {
					return
				}
			}
		}
	}
}

// syllabus names the videos of a course: a welcome, the topic's lessons in the
// order they are taught, exercises after them where there is room, a project.
func syllabus(t topic, videos int) []string {
	lessons := min(videos-2, len(t.lessons))
	exercises := videos - 2 - lessons
	list := []string{"Welcome to " + t.name}
	for i := range lessons {
		// A short course takes them evenly.
		lesson := t.lessons[i*len(t.lessons)/lessons]
		list = append(list, lesson)
		if exercises > 0 {
			list = append(list, "Exercise: "+lesson)
			exercises--
		}
	}
	return append(list, "Project: "+t.arc)
}
