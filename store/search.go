package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// SearchHit is a course in a search result, with its relevance and the lexemes that the database
// searched for: normalized words in quotes, without excluded words. A hit is relaxed if no course
// matches the text, and this one contains at least half of its words.
type SearchHit struct {
	Course  *edu.Course
	Score   float64
	Lexemes string
	Relaxed bool
}

// SearchCourses reads a page of the published courses that match a text. An empty text matches
// every course, with a score of 0. The query ranks ids first and reads the other columns last.
func SearchCourses(q edu.SearchArgs, into func(SearchHit)) Query {
	by, order := edu.CourseOrderField(""), q.SortOrder()
	columns := q.Page.Columns
	if q.Order != nil {
		by, columns = q.Order.Field, columns|q.Order.CursorColumns()
	}
	s := newStatement("SearchCourses").dependOnCourseList(by, order, q.Page)
	branches := s.addSearchQuery(q)
	rows, parts := selectBranches(branches), branches
	if by == "" && !q.Page.Backward && edu.ParseSearchQuery(q.Query).IsWord() {
		rows, parts = s.addTitlesFirst(branches[0], q.Page.Limit)
	}
	for i, b := range parts {
		key := b.score
		if by != "" {
			key = courseSortKeys[by]
		}
		s.addBranch(i, b, "c.id, "+key+" AS key, "+b.lexemes+" AS lexemes, "+b.relaxed+" AS relaxed")
		s.addCourseFilter(q.Filter).addPageClause(order, key, "c.id", q.Page).addSQL(")")
	}
	direction := " ASC"
	if order.Desc != q.Page.Backward {
		direction = " DESC"
	}
	// A plan that does not know the size of the page expects a tenth of all courses, and would read all of them for
	// a join. LIMIT 1 reads each by its id.
	score := "h.key"
	if by != "" {
		score = selectScore(branches)
	}
	s.addSQL(" SELECT ", score, ", h.lexemes, h.relaxed, ").addCourseColumns(columns)
	s.addSQL(" FROM (", rows, ") h, LATERAL (SELECT * FROM courses c WHERE c.id = h.id LIMIT 1) c ORDER BY h.key", direction, ", c.id", direction)
	var hit SearchHit
	deliver := func(c *edu.Course) {
		into(SearchHit{Course: c, Score: hit.Score, Lexemes: hit.Lexemes, Relaxed: hit.Relaxed})
	}
	return s.buildQuery(scanCourse(columns, s.dependOnPageEnds(by, q.Page.Limit+1, singlePageKey, deliver), &hit.Score, &hit.Lexemes, &hit.Relaxed))
}

// searchBranch is one way in which courses match a text: the SQL of its condition, score and
// lexemes. The relaxed branch runs only if the branch before it finds nothing.
type searchBranch struct{ name, condition, score, lexemes, relaxed string }

// addBranch appends a branch as a common table expression, up to the condition of the courses.
func (s *statement) addBranch(i int, b searchBranch, columns string) {
	if i > 0 {
		s.addSQL(", ")
	}
	s.addSQL(b.name, " AS (SELECT ", columns, " FROM courses c WHERE ", b.condition)
}

// selectBranches returns the SQL of the rows of all branches.
func selectBranches(branches []searchBranch) string {
	var parts []string
	for _, b := range branches {
		parts = append(parts, "SELECT * FROM "+b.name)
	}
	return strings.Join(parts, " UNION ALL ")
}

// addTitlesFirst returns two branches and the SQL of their rows for a search of one word: the courses with the word in
// their title, and all that match, which are searched only if the titles do not fill the page.
//
// The rank of a word depends on the weights of its places only. It is at least 0.607 with a place in the title, and at
// most 0.47 without; the score of a start of a word is below 0.5. So the titles are the first matches.
func (s *statement) addTitlesFirst(all searchBranch, limit int) (rows string, parts []searchBranch) {
	titles := all
	titles.name = "titles"
	titles.condition = "c.published AND ts_filter(c.search_vector, '{a}') @@ (SELECT whole FROM q WHERE numnode(whole) = 1)"
	full := "(SELECT count(*) FROM titles) > " + s.bindArg(limit)
	all.condition += " AND NOT " + full
	return "SELECT * FROM titles WHERE " + full + " UNION ALL SELECT * FROM " + all.name, []searchBranch{titles, all}
}

// selectScore returns the SQL of the score of a course c that is a row h of the branches. In an order other than that
// of relevance, only the courses of the page are scored: ts_rank reads the search vector of each course.
func selectScore(branches []searchBranch) string {
	if len(branches) == 1 {
		return branches[0].score
	}
	return "CASE WHEN h.relaxed THEN " + branches[1].score + " ELSE " + branches[0].score + " END"
}

// addSearchQuery appends the search text as a common table expression, parsed once for each
// statement, and returns the branches that a course can match.
func (s *statement) addSearchQuery(q edu.SearchArgs) []searchBranch {
	s.addSQL("WITH ")
	if q.Query == "" {
		return []searchBranch{{"hits", "c.published", "0::float8", "''", "false"}}
	}
	s.dependOn(edu.TagCoursesText)
	text := edu.ParseSearchQuery(q.Query)
	s.addStrictQuery(text)
	rank := "ts_rank(c.search_vector, (SELECT ranked FROM q))"
	if text.Prefix != "" {
		// The rank of the start of a word has no limit, because it is the sum of all words with that
		// start; 32 reduces it to below 1. Whole words count more.
		rank = "(CASE WHEN c.search_vector @@ (SELECT whole FROM q) THEN " + rank + " ELSE ts_rank(c.search_vector, (SELECT started FROM q), 32) / 2 END)"
	}
	exact := "c.title_key = (SELECT exact FROM q)"
	if text.Excluded != "" { // a title with the excluded word is another title, unless it has the dash too
		exact = "(" + exact + " AND lower(c.title) = lower(" + s.bindArg(q.Query) + "))"
	}
	// ts_rank of whole words is below 1, so adding 1 ranks an exact title above all other courses.
	strict := searchBranch{
		"hits",
		"c.published AND (c.search_vector @@ (SELECT query FROM q) OR " + exact + ")",
		"(" + rank + " + (" + exact + ")::int)::float8",
		"(SELECT querytree(ranked || started) FROM q)",
		"false",
	}
	if q.Mode == edu.SearchStrict || len(text.Words) < 2 {
		return []searchBranch{strict}
	}
	s.addRelaxedQuery(text)
	// The number of matching words comes first.
	const matching = "(SELECT count(*) FROM unnest((SELECT words FROM r)) w WHERE c.search_vector @@ w)"
	relaxed := searchBranch{
		"relaxed",
		"c.published AND c.search_vector @@ (SELECT query FROM r) AND NOT c.search_vector @@ (SELECT excluded FROM r) AND " + matching + " >= (SELECT required FROM r)",
		"(" + matching + " - 1 + ts_rank(c.search_vector, (SELECT query FROM r), 32))::float8",
		"(SELECT querytree(query) FROM r)",
		"true",
	}
	if q.Mode == edu.SearchRelaxed {
		return []searchBranch{relaxed}
	}
	relaxed.condition += " AND NOT EXISTS (SELECT FROM hits)"
	if !q.Filter.IsEmpty() {
		relaxed.condition += " AND NOT EXISTS (SELECT FROM courses c WHERE " + strict.condition + ")"
	}
	return []searchBranch{strict, relaxed}
}

// addStrictQuery appends the queries of a text. A text of stop words alone searches for them in
// titles, tags and names.
//
//   - whole: all its words as whole words
//   - started: the last word as the start of a word
//   - query: either of the two
//   - ranked: whole, or an optional word
func (s *statement) addStrictQuery(text edu.SearchQuery) {
	whole := s.bindArg(text.Whole)
	started, ranked := "''::tsquery", "whole"
	if text.Prefix != "" {
		started = "to_tsquery('english', " + s.bindArg(text.PrefixRest) + ") && " + s.bindArg(text.Prefix) + "::tsquery"
	}
	if text.Optional != "" {
		ranked = "whole || to_tsquery('english', " + s.bindArg(text.Optional) + ")"
	}
	s.addSQL("q AS MATERIALIZED (SELECT whole, started, whole || started AS query, ", ranked, " AS ranked, ", s.bindArg(text.Exact), "::text AS exact",
		" FROM (SELECT CASE WHEN numnode(stems) > 0 THEN stems ELSE to_tsquery('simple', ", whole, ") END AS whole, started",
		" FROM (SELECT to_tsquery('english', ", whole, ") AS stems, ", started, " AS started) w) w), ")
}

// addRelaxedQuery appends the words of a text that occur in any published course, and half their
// number. The last word may be the start of a word.
func (s *statement) addRelaxedQuery(text edu.SearchQuery) {
	prefixes := make([]string, len(text.Words))
	prefixes[len(prefixes)-1] = text.Prefix
	s.addSQL("r AS MATERIALIZED (SELECT array_agg(w.word) AS words, (count(*) + 1) / 2 AS required,",
		" string_agg(w.word::text, ' | ')::tsquery AS query, to_tsquery('english', ", s.bindArg(text.Excluded), ") AS excluded",
		" FROM (SELECT to_tsquery('english', word) || prefix::tsquery AS word FROM unnest(", s.bindArg(text.Words), "::text[], ", s.bindArg(prefixes), "::text[]) u (word, prefix)) w",
		" WHERE numnode(w.word) > 0 AND EXISTS (SELECT FROM courses c WHERE c.published AND c.search_vector @@ w.word)), ")
}

// Correction is a word of a search text, and the word to replace it by, "" for none.
type Correction struct {
	Word    string
	Nearest string
}

// Corrections finds words in the vocabulary of the courses, and returns them in their order. If
// started is set, the last word is the start of a word: courses contain it if they contain any word
// with this start, and from five letters on, a replacement may also have a start that differs by a
// single edit. Stop words are known. A replacement occurs in a published course. Words of five letters or more that
// differ by a single edit are the nearest, the more frequent first; then words that share at least a
// fifth of the trigrams. A known word is replaced only by a word of a single edit that occurs in ten
// times as many courses: it may be misspelled there.
func Corrections(words []string, started bool, into func(Correction)) Query {
	keys, prefixes := make([]string, len(words)), make([]string, len(words))
	for i, word := range words {
		keys[i] = edu.SearchText(word)
	}
	if last := len(words) - 1; started && len(strings.Fields(keys[last])) == 1 {
		prefixes[last] = "'" + keys[last] + "':*"
	}
	s := newStatement("Corrections", "WITH w AS MATERIALIZED (SELECT w.word, w.key, w.n, w.prefix, numnode(plainto_tsquery('english', w.key)) = 0 AS stop, ",
		countCoursesWith("w.key", "w.prefix"), " AS courses FROM unnest(")
	s.dependOn(edu.TagCourses, edu.TagCoursesText, edu.TagWords)
	s.addSQL(s.bindArg(words), "::text[], ", s.bindArg(keys), "::text[], ", s.bindArg(prefixes), `::text[]) WITH ORDINALITY AS w (word, key, prefix, n))
		SELECT w.word, coalesce((
			SELECT n.word FROM (
				SELECT v.word, 0::real AS distance FROM course_words v
				WHERE length(v.word) >= 5 AND v.edits && word_edits(w.key) AND is_single_edit(v.word, w.key)
				UNION ALL
				SELECT * FROM (SELECT DISTINCT v.word, 0.1::real FROM start_edits(w.key) e JOIN course_words v
					ON v.word COLLATE "C" >= e.start AND v.word COLLATE "C" < e.start || U&'\+10FFFF' AND v.word LIKE e.pattern
					WHERE w.prefix <> '' AND length(w.key) >= 5 ORDER BY v.word LIMIT 100) p
				UNION ALL
				SELECT * FROM (SELECT v.word, v.word <-> w.key AS distance FROM course_words v ORDER BY v.word <-> w.key LIMIT 16) k
				WHERE k.distance < 0.8 AND w.courses = 0) n,
				-- The vocabulary includes the words of drafts, which must not be disclosed.
				LATERAL (SELECT `, countCoursesWith("n.word", "''"), ` AS courses) f
			WHERE NOT w.stop AND n.word <> w.key AND f.courses > 0 AND f.courses >= 10 * w.courses
			ORDER BY n.distance, f.courses DESC, n.word LIMIT 1), '')
		FROM w ORDER BY w.n`)
	return s.buildQuery(func(rows pgx.Rows) error {
		var c Correction
		err := rows.Scan(&c.Word, &c.Nearest)
		into(c)
		return err
	})
}

// countCoursesWith returns the SQL of the number of published courses that contain a word or match a
// prefix, which may be empty; at most 1,000.
func countCoursesWith(word, prefix string) string {
	return "(SELECT count(*) FROM (SELECT FROM courses c WHERE c.published AND c.search_vector @@ (plainto_tsquery('english', " + word + ") || " + prefix + "::tsquery) LIMIT 1000) m)"
}

// MatchesAnyCourse reports whether a text matches any published course that meets the conditions.
func MatchesAnyCourse(text string, where edu.CourseConditions, into *bool) Query {
	s := newStatement("MatchesAnyCourse").dependOn(edu.TagCourses)
	branches := s.addSearchQuery(edu.SearchArgs{Query: text, Mode: edu.SearchStrict})
	s.addBranch(0, branches[0], "c.id")
	s.addCourseFilter(where).addSQL(") SELECT EXISTS (SELECT FROM hits)")
	return s.buildQuery(func(rows pgx.Rows) error { return rows.Scan(into) })
}
