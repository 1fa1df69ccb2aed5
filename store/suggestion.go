package store

import (
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
	s.addSQL("SELECT text FROM ", selectTitles(text.matches("c.title_key"), n), " t ORDER BY place")
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
	titles, names := text.matches("c.title_key"), text.matches("t.key")
	asTyped, edited, similar := [2]int{0, 2}, [2]int{2, 3}, [2]int{3, 4}
	var parts []string
	for closeness, r := range [][2]int{asTyped, edited, similar} {
		name := names[r[1]-1]
		var conditions []string
		for _, m := range names[r[0]:r[1]] {
			conditions = append(conditions, m.condition)
		}
		parts = append(parts, "(SELECT "+strconv.Itoa(closeness)+" AS closeness, m.*, "+name.lexemes+" AS lexemes FROM ("+
			"SELECT 'course' AS kind, 0::bigint AS id, text, place FROM "+selectTitles(titles[r[0]:r[1]], n)+" t"+
			" UNION ALL SELECT t.kind, t.id, t.text, row_number() OVER (PARTITION BY t.kind ORDER BY "+name.similarity+" DESC, starts_with(t.key, "+text.key+") DESC, t.course_count DESC, t.key, t.id)"+
			" FROM search_terms t WHERE ("+strings.Join(conditions, ") OR (")+")) m ORDER BY m.place, "+kindPlace+" LIMIT "+n+")")
	}
	s.addSQL("SELECT upper(m.kind), CASE WHEN m.kind <> 'course' THEN m.id ELSE (",
		"SELECT c.id FROM courses c WHERE c.published AND c.title_key = search_text(m.text) AND c.title = m.text ORDER BY c.enrollment_count DESC, c.id DESC LIMIT 1",
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

// kindPlace is the SQL of the place of a kind of suggestions among equally close ones.
const kindPlace = "array_position('{course,category,tag,instructor}', m.kind)"

// typedText is the SQL of a typed text: its placeholder, and the tables q and e of its words. The
// last word is the start of a word. In e each word of five letters or more may have a single edit.
type typedText struct{ key string }

// addTypedText appends a typed text as common table expressions.
func (s *statement) addTypedText(typed string) typedText {
	text := edu.SearchText(typed)
	key, words := s.bindArg(text)+"::text", s.bindArg(strings.Fields(text))+"::text[]"
	started := "quote_literal(u.word) || CASE WHEN n = cardinality(" + words + ") THEN ':*' ELSE '' END"
	s.addSQL(`WITH q AS MATERIALIZED (
			SELECT string_agg(`, started, `, ' & ')::tsquery AS exact FROM unnest(`, words, `) WITH ORDINALITY AS u (word, n)
		), e AS MATERIALIZED (
			SELECT string_agg('(' || w.alternatives || ')', ' & ')::tsquery AS query FROM (
				SELECT concat_ws(' | ', `, started, `,
					(SELECT string_agg(quote_literal(v.word), ' | ') FROM course_words v
						WHERE length(v.word) >= 5 AND v.edits && word_edits(u.word) AND is_single_edit(v.word, u.word))) AS alternatives
				FROM unnest(`, words, `) WITH ORDINALITY AS u (word, n)) w
		) `)
	return typedText{key}
}

// termMatch is the SQL of one way in which a title or name completes a typed text: its condition, its
// similarity, and the words that it was searched for.
type termMatch struct{ condition, similarity, lexemes string }

// matches returns the ways in which the texts of a column complete the typed text, the closest first.
// A text matches in one way at most.
func (t typedText) matches(column string) []termMatch {
	const exact, edited = "(SELECT exact FROM q)", "(SELECT query FROM e)"
	vector, starts := "to_tsvector('simple', "+column+")", "starts_with("+column+", "+t.key+")"
	return []termMatch{
		{column + " >= " + t.key + " AND " + column + " < " + t.key + ` || U&'\+10FFFF'`, "0", exact + "::text"},
		{vector + " @@ " + exact + " AND NOT " + starts, "0", exact + "::text"},
		{vector + " @@ " + edited + " AND NOT " + starts + " AND NOT coalesce(" + vector + " @@ " + exact + ", false)", "0", edited + "::text"},
		{t.key + " <% " + column + " AND NOT " + starts + " AND NOT coalesce(" + vector + " @@ " + edited + ", false)", "word_similarity(" + t.key + ", " + column + ")", edited + "::text"},
	}
}

// selectTitles returns the SQL of the first titles of published courses that match in the first of
// some ways, then in the second and so on, each once, with its place. A way is searched only if
// those before it do not suffice.
func selectTitles(matches []termMatch, limit string) string {
	var parts []string
	for i, m := range matches {
		parts = append(parts, "(SELECT "+strconv.Itoa(i)+" AS way, c.title AS text, max("+m.similarity+") AS similarity, max(c.enrollment_count) AS enrollments"+
			" FROM courses c WHERE c.published AND "+m.condition+" GROUP BY c.title ORDER BY 3 DESC, 4 DESC, 2 LIMIT "+limit+")")
	}
	return "(SELECT text, row_number() OVER (ORDER BY way, similarity DESC, enrollments DESC, text) AS place FROM (SELECT * FROM (" +
		strings.Join(parts, " UNION ALL ") + ") t LIMIT " + limit + ") t)"
}
