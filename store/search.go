package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// SearchHit is a course that was searched for, with its relevance and what the
// database understood the text to search for: normalised words in quotes,
// without those that must not occur.
type SearchHit struct {
	Course  *edu.Course
	Score   float64
	Lexemes string
}

// SearchCourses reads a page of the published courses that match a text; an
// empty text matches every one, with a score of 0. The rows are ranked by their
// keys first and decorated last.
func SearchCourses(q edu.SearchArgs, into func(SearchHit)) Query {
	by, order := searchOrderFields[q.Sort], q.Sort.SortOrder()
	s := newStatement("SearchCourses").dependOnCourseList(by, order, q.Page)
	matched := s.addSearchQuery(q.Query)
	lexemes := "''"
	if q.Query != "" {
		lexemes = "(SELECT querytree(query) FROM q)"
	}
	want := q.Page.Columns | q.Sort.CursorColumns()
	s.addSQL("SELECT h.score, ", lexemes, ", ").addCourseColumns(want)
	score := "0::float8"
	if q.Query != "" {
		// ts_rank stays below 1, so that 1 more puts an exact title above all else.
		score = "(ts_rank(c.search_vector, (SELECT query FROM q)) + (lower(c.title) = (SELECT exact FROM q))::int)::float8"
	}
	key, direction := score, " DESC"
	if by != "" {
		key = courseSortKeys[by]
	}
	if q.Page.Backward {
		direction = " ASC"
	}
	s.addSQL(" FROM (SELECT c.id, ", score, " AS score, ", key, " AS key FROM courses c WHERE ", matched)
	s.addCourseFilter(q.Filter).addPageClause(order, key, "c.id", q.Page)
	s.addSQL(") h JOIN courses c ON c.id = h.id ORDER BY h.key", direction, ", c.id", direction)
	var f SearchHit
	found := func(c *edu.Course) { into(SearchHit{Course: c, Score: f.Score, Lexemes: f.Lexemes}) }
	return s.buildQuery(scanCourse(want, s.dependOnPageEnds(by, q.Page.Limit+1, singlePageKey, found), &f.Score, &f.Lexemes))
}

// searchOrderFields is what search results can be ordered by, but for the relevance,
// which depends on the text.
var searchOrderFields = map[edu.SearchSort]edu.CourseOrderField{
	edu.SortRating:      edu.CoursesByRating,
	edu.SortEnrollments: edu.CoursesByEnrollments,
	edu.SortNewest:      edu.CoursesByPublishedAt,
}

// addSearchQuery appends the text searched for, parsed once a statement, and returns the
// condition that a course matches it. A title that is the text to the letter
// matches even if the text holds stop words only.
func (s *statement) addSearchQuery(text string) string {
	if text == "" {
		return "c.published"
	}
	at := s.dependOn(edu.TagCoursesText).bindArg(text)
	s.addSQL("WITH q AS MATERIALIZED (SELECT websearch_to_tsquery('english', ", at, ") AS query, lower(", at, ") AS exact) ")
	return "c.published AND (c.search_vector @@ (SELECT query FROM q) OR lower(c.title) = (SELECT exact FROM q))"
}

// SearchGroup is how many results share a category, a difficulty and a price:
// every facet is a sum of groups.
type SearchGroup struct {
	CategoryID int64
	Difficulty edu.Difficulty
	Price      edu.PriceFilter
	Count      int
}

// SearchGroups counts the courses that match a text and a filter whatever their
// category, difficulty and price, by these three.
func SearchGroups(q edu.SearchArgs, into func(SearchGroup)) Query {
	s := newStatement("SearchGroups").dependOn(edu.TagCourses)
	matched := s.addSearchQuery(q.Query)
	others := q.Filter
	others.CategoryID, others.Difficulty, others.Price = 0, "", ""
	s.addSQL("SELECT c.category_id, upper(c.difficulty), c.price = 0, count(*) FROM courses c WHERE ", matched)
	return s.addCourseFilter(others).addSQL(" GROUP BY c.category_id, c.difficulty, c.price = 0").buildQuery(func(rows pgx.Rows) error {
		var g SearchGroup
		var free bool
		err := rows.Scan(&g.CategoryID, (*string)(&g.Difficulty), &free, &g.Count)
		g.Price = edu.PricePaid
		if free {
			g.Price = edu.PriceFree
		}
		into(g)
		return err
	})
}

// Correction is a word searched for: whether any course has it, and the nearest
// word that the courses do have.
type Correction struct {
	Word    string
	Known   bool
	Nearest string
}

// Corrections looks words up in the courses' vocabulary, in their order. A stop
// word is known. The nearest is of a published course and shares a fifth of its
// trigrams at least; a word with nothing so near has none.
func Corrections(words []string, into func(Correction)) Query {
	s := newStatement("Corrections", `SELECT w.word,
		numnode(plainto_tsquery('english', w.word)) = 0
			OR EXISTS (SELECT FROM courses c WHERE c.published AND c.search_vector @@ plainto_tsquery('english', w.word)),
		coalesce((SELECT n.word FROM (SELECT v.word, v.word <-> w.word AS distance FROM course_words v
			ORDER BY v.word <-> w.word LIMIT 16) n
			WHERE n.distance < 0.8
				-- The vocabulary has the words of drafts too, which nobody is to know of.
				AND EXISTS (SELECT FROM courses c WHERE c.published AND c.search_vector @@ plainto_tsquery('english', n.word))
			ORDER BY n.distance, n.word LIMIT 1), '')
		FROM unnest(`)
	s.dependOn(edu.TagCourses, edu.TagCoursesText, edu.TagWords)
	return s.addSQL(s.bindArg(words), "::text[]) WITH ORDINALITY AS w (word, n) ORDER BY w.n").buildQuery(func(rows pgx.Rows) error {
		var c Correction
		err := rows.Scan(&c.Word, &c.Known, &c.Nearest)
		into(c)
		return err
	})
}

// MatchesAnyCourse tells whether a text finds any published course that meets the
// conditions.
func MatchesAnyCourse(text string, where edu.CourseConditions, into *bool) Query {
	s := newStatement("Finds").dependOn(edu.TagCourses)
	matched := s.addSearchQuery(text)
	s.addSQL("SELECT EXISTS (SELECT FROM courses c WHERE ", matched).addCourseFilter(where)
	return s.addSQL(")").buildQuery(func(rows pgx.Rows) error { return rows.Scan(into) })
}

// Suggestions reads titles that start with what was typed, the most taken first,
// and only if these do not suffice those with a word near to it, the nearest
// first.
func Suggestions(typed string, first int, into func(string)) Query {
	s := newStatement("Suggestions").dependOn(edu.TagCourses, edu.TagCoursesTitles, edu.TagCoursesEnrollments)
	near, pattern, n := s.bindArg(typed), s.bindArg(likeEscaper.Replace(typed)+"%"), s.bindArg(first)
	s.addSQL(`(SELECT c.title FROM courses c WHERE c.published AND lower(c.title) LIKE lower(`, pattern, `)
			GROUP BY c.title ORDER BY max(c.enrollment_count) DESC, c.title LIMIT `, n, `)
		UNION ALL
		(SELECT c.title FROM courses c
			WHERE c.published AND lower(`, near, `) <% lower(c.title) AND lower(c.title) NOT LIKE lower(`, pattern, `)
			GROUP BY c.title
			ORDER BY word_similarity(lower(`, near, `), lower(c.title)) DESC, max(c.enrollment_count) DESC, c.title LIMIT `, n, `)
		LIMIT `, n)
	return s.buildQuery(func(rows pgx.Rows) error {
		var title string
		err := rows.Scan(&title)
		into(title)
		return err
	})
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)
