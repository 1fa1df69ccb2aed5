package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// catalogueSize is the number of courses.
const catalogueSize = 3200

// course is a course of the catalogue.
type course struct {
	slug, title, description, instructor string
	tags                                 []string
	students                             int
}

// generateCatalogue returns the same courses each time: the anchors, and titles of all topics in all
// languages. Every 40th course has the title of an earlier one.
func generateCatalogue() []course {
	r := rand.New(rand.NewPCG(14, 3200))
	var courses []course
	seen := map[string]bool{}
	add := func(title, language string, topic, other [3]string) {
		courses = append(courses, course{
			slug: fmt.Sprintf("course-%d", len(courses)), title: title, instructor: instructors[len(courses)%len(instructors)],
			description: describe(r, language, topic, other), tags: []string{strings.ToLower(topic[0]), strings.ToLower(topic[1])},
			students: int(r.ExpFloat64() * 300),
		})
	}
	for _, title := range anchors {
		topic := [3]string{strings.TrimSpace(title), "Exercises", "Examples"}
		add(title, "en", topic, topic)
	}
	for len(courses) < catalogueSize {
		if len(courses)%40 == 0 {
			copied := courses[r.IntN(len(courses))]
			copied.slug, copied.students = fmt.Sprintf("course-%d", len(courses)), copied.students/2
			courses = append(courses, copied)
			continue
		}
		language := pickLanguage(r)
		topic, other := topics[r.IntN(len(topics))], topics[r.IntN(len(topics))]
		if name := translated[language][topic[0]]; name != "" {
			topic[0] = name
		} else if language != "en" && r.IntN(3) > 0 {
			continue // most courses in another language have a translated topic
		}
		list := templates[language]
		title := fill(list[r.IntN(len(list))], topic, other)
		if !seen[title] {
			seen[title] = true
			add(title, language, topic, other)
		}
	}
	return courses
}

// pickLanguage returns English for six courses of ten.
func pickLanguage(r *rand.Rand) string {
	if r.IntN(10) < 6 {
		return "en"
	}
	return languages[1+r.IntN(len(languages)-1)]
}

func fill(text string, topic, other [3]string) string {
	return strings.NewReplacer("{t}", topic[0], "{a}", topic[1], "{b}", topic[2], "{o}", other[0]).Replace(text)
}

// describe returns three sentences of a language.
func describe(r *rand.Rand, language string, topic, other [3]string) string {
	list := slices.Clone(sentences[language])
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return fill(strings.Join(list[:3], " "), topic, other)
}

// loadCatalogue writes the courses into a migrated database without data.
func loadCatalogue(ctx context.Context, url string, courses []course) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	var batch pgx.Batch
	batch.Queue("INSERT INTO categories (name, slug) VALUES ('Everything', 'everything')")
	for i, name := range instructors {
		batch.Queue("INSERT INTO users (name, email, role) VALUES ($1, $2, 'instructor')", name, fmt.Sprintf("i%d@7p.example", i))
	}
	for _, c := range courses {
		batch.Queue(`INSERT INTO courses (slug, title, description, tags, difficulty, published, published_at, instructor_id, category_id, enrollment_count)
			VALUES ($1, $2, $3, $4, 'beginner', true, now(), (SELECT id FROM users WHERE name = $5), 1, $6)`, c.slug, c.title, c.description, c.tags, c.instructor, c.students)
	}
	batch.Queue("ANALYZE")
	if err := pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("load the catalogue: %w", err)
	}
	return nil
}
