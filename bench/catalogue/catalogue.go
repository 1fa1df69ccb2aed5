// Package catalogue generates courses with the shapes of real titles in six languages, for the
// measurements of searches: lone dashes, brackets, versions, accents, symbols, double blanks,
// misspellings, and titles that occur twice. The courses are of our own making and the same each time.
package catalogue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Course is a course of the catalogue.
type Course struct {
	Slug, Title, Description, Instructor string
	Language                             string // of the title and the description, a BCP 47 language tag
	Tags                                 []string
	Students                             int
}

// distinctTitles is the number of courses whose titles differ, except for intended copies. Templates and
// topics have few more; titles of later courses that occur already get the number of a part.
const distinctTitles = 3200

// Generate returns n courses: the anchors, and titles of all topics in all languages. Every 40th course
// has the title of an earlier one. The courses of a larger n begin with those of a smaller one. Among
// those after the first 3,200 some topics are much more frequent than others, and each has one of 1,600
// instructors.
func Generate(n int) []Course {
	r := rand.New(rand.NewPCG(14, 3200))
	var courses []Course
	seen := map[string]bool{}
	add := func(title, language string, topic, other [3]string) {
		courses = append(courses, Course{
			Slug: fmt.Sprintf("course-%d", len(courses)), Title: title, Instructor: instructorOf(len(courses)), Language: language,
			Description: describe(r, language, topic, other), Tags: []string{strings.ToLower(topic[0]), strings.ToLower(topic[1])},
			Students: int(r.ExpFloat64() * 300),
		})
	}
	for _, title := range anchors {
		topic := [3]string{strings.TrimSpace(title), "Exercises", "Examples"}
		add(title, "en", topic, topic)
	}
	for len(courses) < n {
		if len(courses)%40 == 0 {
			copied := courses[r.IntN(len(courses))]
			copied.Slug, copied.Students = fmt.Sprintf("course-%d", len(courses)), copied.Students/2
			courses = append(courses, copied)
			continue
		}
		language := pickLanguage(r)
		topic, other := topics[r.IntN(len(topics))], topics[r.IntN(len(topics))]
		if len(courses) >= distinctTitles {
			topic = topics[int(float64(len(topics))*r.Float64()*r.Float64()*r.Float64())]
		}
		if name := translated[language][topic[0]]; name != "" {
			topic[0] = name
		} else if language != "en" && r.IntN(3) > 0 {
			continue // most courses in another language have a translated topic
		}
		list := templates[language]
		title := fill(list[r.IntN(len(list))], topic, other)
		if seen[title] && len(courses) >= distinctTitles {
			title = fmt.Sprintf("%s, %d", title, 2+r.IntN(40))
		}
		if !seen[title] {
			seen[title] = true
			add(title, language, topic, other)
		}
	}
	return courses
}

// instructorOf returns the instructor of a course. Later courses have the first name of one and the last
// name of another.
func instructorOf(n int) string {
	first := instructors[n%len(instructors)]
	if n < distinctTitles {
		return first
	}
	last := instructors[n/len(instructors)%len(instructors)]
	first, _, _ = strings.Cut(first, " ")
	return first + last[strings.IndexByte(last, ' '):]
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

// Load writes the courses into a migrated database without data.
func Load(ctx context.Context, pool *pgxpool.Pool, courses []Course) error {
	var batch pgx.Batch
	for i, name := range categories {
		batch.Queue("INSERT INTO categories (name, slug) VALUES ($1, $2)", name, fmt.Sprintf("c%d", i+1))
	}
	ids := map[string]int{} // of instructors, by name
	for _, c := range courses {
		if ids[c.Instructor] == 0 {
			ids[c.Instructor] = len(ids) + 1
			batch.Queue("INSERT INTO users (name, email, role) VALUES ($1, $2, 'instructor')", c.Instructor, fmt.Sprintf("i%d@7p.example", len(ids)))
		}
	}
	if err := pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("load the categories and instructors of the catalogue: %w", err)
	}
	columns := []string{"slug", "title", "description", "tags", "difficulty", "price", "duration_seconds", "published", "published_at", "instructor_id", "category_id", "enrollment_count"}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"courses"}, columns, pgx.CopyFromSlice(len(courses), func(i int) ([]any, error) {
		c := courses[i]
		return []any{
			c.Slug, c.Title, c.Description, c.Tags, difficulties[i%len(difficulties)], 990 * (i % 4), 1800 * (i % 20), true,
			firstPublished.Add(time.Duration(i) * time.Minute), ids[c.Instructor], 1 + i%len(categories), c.Students,
		}, nil
	}))
	if err == nil {
		_, err = pool.Exec(ctx, "VACUUM ANALYZE")
	}
	if err != nil {
		return fmt.Errorf("load the courses of the catalogue: %w", err)
	}
	return nil
}

var (
	categories     = []string{"Everything", "Programming", "Design", "Photography and Film", "Languages", "Business", "Personal Growth", "Wissenschaft", "Música"}
	difficulties   = []string{"beginner", "intermediate", "advanced"}
	firstPublished = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
)
