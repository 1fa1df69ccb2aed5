package store

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Suggestions reads titles that complete the typed text, each once: titles that start with it; then
// titles that contain its words, the last one as the start of a word; then the same with a single
// edit in each word of five letters or more; then titles with a similar word, the most similar first.
// Otherwise the titles with the most enrollments come first.
func Suggestions(typed string, first int, into func(string)) Query {
	s := newStatement("Suggestions").dependOn(edu.TagCourses, edu.TagCoursesTitles, edu.TagCoursesEnrollments, edu.TagWords)
	text := s.addTypedText(typed)
	n := s.bindArg(first)
	s.addTitles(text.matches("c.title_key"), n)
	s.addSQL(" SELECT text FROM ", selectTitles(0, 4, n), " t ORDER BY place")
	return s.buildQuery(func(rows pgx.Rows) error {
		var title string
		err := rows.Scan(&title)
		into(title)
		return err
	})
}

// SuggestedTerm is a completion of a typed text: the title of a course, a tag, or the name of a
// category or an instructor, with the id of the course, the category or the user. Lexemes are the
// words that it was searched for, as a tsquery.
type SuggestedTerm struct {
	Kind    edu.SuggestionKind
	ID      int64 // 0 for a tag
	Text    string
	Lexemes string
}

// SuggestedTerms reads titles and names that complete the typed text: first all that match as typed,
// then all that match with single edits, then similar ones. Among each of these, the first of each
// kind comes before the second of each. Titles have the order of Suggestions; names that start with
// the text come first, and those with more published courses. Of several courses with a title, the
// course with the most enrollments is returned.
func SuggestedTerms(typed string, first int, into func(SuggestedTerm)) Query {
	s := newStatement("SuggestedTerms").dependOn(edu.TagCourses, edu.TagCoursesText, edu.TagCoursesTitles, edu.TagCoursesEnrollments,
		edu.TagWords, edu.TagCategories, edu.TagCategoriesCounts)
	text := s.addTypedText(typed)
	n := s.bindArg(first)
	s.addTitles(text.matches("c.title_key"), n)
	names := text.matches("t.key")
	asTyped, edited, similar := [2]int{0, 2}, [2]int{2, 3}, [2]int{3, 4}
	var parts []string
	for closeness, r := range [][2]int{asTyped, edited, similar} {
		parts = append(parts, "(SELECT "+strconv.Itoa(closeness)+" AS closeness, m.*, "+names[r[1]-1].lexemes+" AS lexemes FROM ("+
			"SELECT 'course' AS kind, 0::bigint AS id, text, key, place FROM "+selectTitles(r[0], r[1], n)+" t"+
			" UNION ALL "+selectNames(names[:r[0]], names[r[0]:r[1]], text.key)+") m ORDER BY m.place, "+kindPlace+" LIMIT "+n+")")
	}
	s.addSQL(" SELECT upper(m.kind), CASE WHEN m.kind <> 'course' THEN m.id ELSE (",
		"SELECT c.id FROM courses c WHERE c.published AND c.title_key = m.key AND c.title = m.text ORDER BY c.enrollment_count DESC, c.id DESC LIMIT 1",
		") END, coalesce(u.name, m.text), coalesce(m.lexemes, '') FROM (", strings.Join(parts, " UNION ALL "), " LIMIT ", n,
		") m LEFT JOIN users u ON m.kind = 'instructor' AND u.id = m.id ORDER BY m.closeness, m.place, ", kindPlace)
	s.scannedTags = new([]edu.Tag)
	return s.buildQuery(func(rows pgx.Rows) error {
		var t SuggestedTerm
		err := rows.Scan((*string)(&t.Kind), &t.ID, &t.Text, &t.Lexemes)
		if t.Kind == edu.SuggestInstructor {
			*s.scannedTags = append(*s.scannedTags, edu.TagUser.WithID(t.ID))
		}
		into(t)
		return err
	})
}

// selectNames returns the SQL of the names that match in one of some ways and in none of those before,
// with their places among the names of their kind.
func selectNames(before, ways []termMatch, key string) string {
	anyOf := func(ways []termMatch) string {
		conditions := []string{"false"}
		for _, m := range ways {
			conditions = append(conditions, m.condition)
		}
		return "((" + strings.Join(conditions, ") OR (") + "))"
	}
	return "SELECT t.kind, t.id, t.text, '', row_number() OVER (PARTITION BY t.kind ORDER BY " + ways[0].similarity + " DESC, starts_with(t.key, " + key + ") DESC, t.course_count DESC, t.key, t.id)" +
		" FROM search_terms t WHERE " + anyOf(ways) + " AND NOT coalesce(" + anyOf(before) + ", false)"
}

// kindPlace is the SQL of the place of a kind of suggestions among equally close ones.
const kindPlace = "array_position('{course,category,tag,instructor}', m.kind)"

// typedText is the SQL of a typed text: its placeholder, and the tables q and e of its words. The
// last word is the start of a word. In e each word of five letters or more may have a single edit.
// Both tables have the words as a tsquery, and the longest one and its edits as patterns of LIKE.
type typedText struct{ key string }

// addTypedText appends a typed text as common table expressions.
func (s *statement) addTypedText(typed string) typedText {
	text := edu.SearchText(typed)
	fields := strings.Fields(text)
	longest := slices.MaxFunc(append(fields, ""), func(a, b string) int { return len(a) - len(b) })
	key, words, long := s.bindArg(text)+"::text", s.bindArg(fields)+"::text[]", s.bindArg(longest)+"::text"
	started := "quote_literal(u.word) || CASE WHEN n = cardinality(" + words + ") THEN ':*' ELSE '' END"
	s.addSQL(`WITH q AS MATERIALIZED (
			SELECT string_agg(`, started, `, ' & ')::tsquery AS query, ARRAY['%' || `, long, ` || '%'] AS patterns FROM unnest(`, words, `) WITH ORDINALITY AS u (word, n)
		), e AS MATERIALIZED (
			SELECT string_agg('(' || concat_ws(' | ', w.started, w.alternatives) || ')', ' & ')::tsquery AS query,
				string_to_array(concat_ws(' ', '%' || `, long, ` || '%', min(w.patterns) FILTER (WHERE w.word = `, long, `)), ' ') AS patterns
			FROM (SELECT u.word, `, started, ` AS started, v.* FROM unnest(`, words, `) WITH ORDINALITY AS u (word, n),
				LATERAL (SELECT string_agg(quote_literal(v.word), ' | ') AS alternatives, string_agg('%' || v.word || '%', ' ') AS patterns FROM course_words v
					WHERE length(v.word) >= 5 AND v.edits && word_edits(u.word) AND is_single_edit(v.word, u.word)) v) w
		)`)
	return typedText{key}
}

// termMatch is the SQL of one way in which a title or name completes a typed text: its condition, its
// similarity, and the words that it was searched for. hint is a condition that costs less and that all
// matches meet, or "" if the most similar come first.
type termMatch struct{ condition, hint, similarity, lexemes string }

// matches returns the ways in which the texts of a column complete the typed text, the closest first.
// A text that matches in one way may match in the later ones.
func (t typedText) matches(column string) []termMatch {
	const exact, edited = "(SELECT query FROM q)", "(SELECT query FROM e)"
	vector := "to_tsvector('simple', " + column + ")"
	hint := func(table string) string { return column + " LIKE ANY ((SELECT patterns FROM " + table + ")::text[])" }
	return []termMatch{
		{column + " >= " + t.key + " AND " + column + " < " + t.key + ` || U&'\+10FFFF'`, "starts_with(" + column + ", " + t.key + ")", "0", exact + "::text"},
		{vector + " @@ " + exact, hint("q"), "0", exact + "::text"},
		{vector + " @@ " + edited, hint("e"), "0", edited + "::text"},
		{t.key + " <% " + column, "", "word_similarity(" + t.key + ", " + column + ")", edited + "::text"},
	}
}

const (
	// rareMatches is the number of courses from which on titles are searched among popular courses first.
	rareMatches = 600
	// popularCourses is the number of courses with the most enrollments.
	popularCourses = 1000
)

// addTitles appends the first titles of published courses that match in each way as common table
// expressions t0, t1 and so on, each with a title once, without the titles of the tables before. A way
// is searched only if its table is read. Thousands of courses can match: their titles are searched among
// the popular courses first, and among all courses only if these do not suffice.
func (s *statement) addTitles(matches []termMatch, limit string) {
	s.addSQL(", popular AS MATERIALIZED (SELECT c.title, c.title_key, c.enrollment_count FROM courses c WHERE c.published",
		" ORDER BY c.enrollment_count DESC, c.id DESC LIMIT ", strconv.Itoa(popularCourses), ")")
	var before []string
	for i, m := range matches {
		table := "t" + strconv.Itoa(i)
		if i > 0 {
			m.condition += " AND c.title <> ALL (ARRAY(" + strings.Join(before, " UNION ALL ") + "))"
		}
		before = append(before, "SELECT text FROM "+table)
		if m.hint == "" {
			s.addSQL(", ", table, " AS MATERIALIZED (", firstTitles("courses", m.similarity, "c.published AND "+m.condition, limit), ")")
			continue
		}
		some := func(of string) string { return "(SELECT count(*) FROM " + of + table + ")" }
		rare := some("some_") + " < " + strconv.Itoa(rareMatches)
		s.addSQL(", some_", table, " AS MATERIALIZED (SELECT c.title, c.title_key, c.enrollment_count FROM courses c WHERE c.published AND ", m.condition, " LIMIT ", strconv.Itoa(rareMatches), ")")
		// Others may have as many enrollments as the last of the popular courses.
		s.addSQL(", popular_", table, " AS MATERIALIZED (", firstTitles("popular", m.similarity, "NOT "+rare+" AND "+m.hint+" AND "+m.condition+
			" AND c.enrollment_count > (SELECT min(enrollment_count) FROM popular)", limit), ")")
		s.addSQL(", ", table, " AS MATERIALIZED ((", firstTitles("some_"+table, m.similarity, rare, limit),
			") UNION ALL SELECT * FROM popular_", table, " WHERE ", some("popular_"), " = ", limit,
			" UNION ALL (", firstTitles("courses", m.similarity, "NOT "+rare+" AND "+some("popular_")+" < "+limit+" AND c.published AND "+m.condition, limit), "))")
	}
}

// firstTitles returns the SQL of the first titles of the courses in a table that meet a condition.
func firstTitles(table, similarity, condition, limit string) string {
	return "SELECT c.title AS text, min(c.title_key) AS key, max(" + similarity + ") AS similarity, max(c.enrollment_count) AS enrollments" +
		" FROM " + table + " c WHERE " + condition + " GROUP BY c.title ORDER BY 3 DESC, 4 DESC, 1 LIMIT " + limit
}

// selectTitles returns the SQL of the first titles in the tables of addTitles from one to another, with
// their places. A table is read only if those before it do not suffice.
func selectTitles(from, to int, limit string) string {
	var parts []string
	for i := from; i < to; i++ {
		parts = append(parts, "SELECT "+strconv.Itoa(i)+" AS way, * FROM t"+strconv.Itoa(i))
	}
	return "(SELECT text, key, row_number() OVER (ORDER BY way, similarity DESC, enrollments DESC, text) AS place FROM (SELECT * FROM (" +
		strings.Join(parts, " UNION ALL ") + ") t LIMIT " + limit + ") t)"
}
