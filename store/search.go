package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// SearchHit is a course in a search result, with its relevance and the lexemes that the database
// searched for: normalized words in quotes, without excluded words.
type SearchHit struct {
	Course  *edu.Course
	Score   float64
	Lexemes string
}

// SearchCourses reads a page of the published courses that match a text. An empty text matches
// every course, with a score of 0. The query ranks ids first and reads the other columns last.
func SearchCourses(q edu.SearchArgs, into func(SearchHit)) Query {
	by, order := searchOrderFields[q.Sort], q.Sort.SortOrder()
	s := newStatement("SearchCourses").dependOnCourseList(by, order, q.Page)
	matched := s.addSearchQuery(q.Query)
	lexemes := "''"
	if q.Query != "" {
		lexemes = "(SELECT querytree(query) FROM q)"
	}
	columns := q.Page.Columns | q.Sort.CursorColumns()
	s.addSQL("SELECT h.score, ", lexemes, ", ").addCourseColumns(columns)
	score := "0::float8"
	if q.Query != "" {
		// ts_rank is below 1, so adding 1 ranks an exact title above all other courses.
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
	var hit SearchHit
	deliver := func(c *edu.Course) { into(SearchHit{Course: c, Score: hit.Score, Lexemes: hit.Lexemes}) }
	return s.buildQuery(scanCourse(columns, s.dependOnPageEnds(by, q.Page.Limit+1, singlePageKey, deliver), &hit.Score, &hit.Lexemes))
}

// searchOrderFields are the sort fields of search results, except relevance, which depends on the
// text.
var searchOrderFields = map[edu.SearchSort]edu.CourseOrderField{
	edu.SortRating:      edu.CoursesByRating,
	edu.SortEnrollments: edu.CoursesByEnrollments,
	edu.SortNewest:      edu.CoursesByPublishedAt,
}

// addSearchQuery appends the search text, parsed once for each statement, and returns the condition
// that a course matches it. A title that equals the text matches even if the text consists of stop
// words.
func (s *statement) addSearchQuery(text string) string {
	if text == "" {
		return "c.published"
	}
	textArg := s.dependOn(edu.TagCoursesText).bindArg(text)
	s.addSQL("WITH q AS MATERIALIZED (SELECT websearch_to_tsquery('english', ", textArg, ") AS query, lower(", textArg, ") AS exact) ")
	return "c.published AND (c.search_vector @@ (SELECT query FROM q) OR lower(c.title) = (SELECT exact FROM q))"
}

// SearchGroup is the number of results that share a category, a difficulty and a price. Every facet
// is a sum of groups.
type SearchGroup struct {
	CategoryID int64
	Difficulty edu.Difficulty
	Price      edu.PriceFilter
	Count      int
}

// SearchGroups counts the courses that match a text and a filter, grouped by category, difficulty
// and price. The conditions of the filter on these three are ignored.
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

// Correction is the spelling of a word of a search text: whether any course contains it, and the
// nearest word that courses contain.
type Correction struct {
	Word    string
	Known   bool
	Nearest string
}

// Corrections finds words in the vocabulary of the courses, and returns them in their order. Stop
// words are known. The nearest word occurs in a published course and shares at least a fifth of its
// trigrams; it is "" if there is none.
func Corrections(words []string, into func(Correction)) Query {
	s := newStatement("Corrections", `SELECT w.word,
		numnode(plainto_tsquery('english', w.word)) = 0
			OR EXISTS (SELECT FROM courses c WHERE c.published AND c.search_vector @@ plainto_tsquery('english', w.word)),
		coalesce((SELECT n.word FROM (SELECT v.word, v.word <-> w.word AS distance FROM course_words v
			ORDER BY v.word <-> w.word LIMIT 16) n
			WHERE n.distance < 0.8
				-- The vocabulary includes the words of drafts, which must not be disclosed.
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

// MatchesAnyCourse reports whether a text matches any published course that meets the conditions.
func MatchesAnyCourse(text string, where edu.CourseConditions, into *bool) Query {
	s := newStatement("MatchesAnyCourse").dependOn(edu.TagCourses)
	matched := s.addSearchQuery(text)
	s.addSQL("SELECT EXISTS (SELECT FROM courses c WHERE ", matched).addCourseFilter(where)
	return s.addSQL(")").buildQuery(func(rows pgx.Rows) error { return rows.Scan(into) })
}

// Suggestions reads titles that start with the typed text, those with the most enrollments first.
// If these are too few, titles with a similar word follow, the most similar first.
func Suggestions(typed string, first int, into func(string)) Query {
	s := newStatement("Suggestions").dependOn(edu.TagCourses, edu.TagCoursesTitles, edu.TagCoursesEnrollments)
	typedArg, pattern, n := s.bindArg(typed), s.bindArg(likeEscaper.Replace(typed)+"%"), s.bindArg(first)
	s.addSQL(`(SELECT c.title FROM courses c WHERE c.published AND lower(c.title) LIKE lower(`, pattern, `)
			GROUP BY c.title ORDER BY max(c.enrollment_count) DESC, c.title LIMIT `, n, `)
		UNION ALL
		(SELECT c.title FROM courses c
			WHERE c.published AND lower(`, typedArg, `) <% lower(c.title) AND lower(c.title) NOT LIKE lower(`, pattern, `)
			GROUP BY c.title
			ORDER BY word_similarity(lower(`, typedArg, `), lower(c.title)) DESC, max(c.enrollment_count) DESC, c.title LIMIT `, n, `)
		LIMIT `, n)
	return s.buildQuery(func(rows pgx.Rows) error {
		var title string
		err := rows.Scan(&title)
		into(title)
		return err
	})
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)
