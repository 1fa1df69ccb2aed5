package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// editedTitles are titles whose words of five letters or more are edited.
var editedTitles = []string{"Python for Everybody", "GraphQL in Practice", "Machine Learning", "Kubernetes Networking", "Música y Estadística", "Øresund Bridges"}

// singleEdits returns all words that differ from a word by one letter: inserted, deleted, replaced, or
// swapped with its neighbour.
func singleEdits(word string) []string {
	letters, edits := []rune(word), map[string]bool{}
	for i := range len(letters) + 1 {
		for _, c := range "aeqzé" {
			edits[string(slices.Insert(slices.Clone(letters), i, c))] = true
			if i < len(letters) {
				edits[string(slices.Replace(slices.Clone(letters), i, i+1, c))] = true
			}
		}
		if i < len(letters) {
			edits[string(slices.Delete(slices.Clone(letters), i, i+1))] = true
		}
		if i+1 < len(letters) {
			swapped := slices.Clone(letters)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			edits[string(swapped)] = true
		}
	}
	delete(edits, word)
	var list []string
	for edit := range edits {
		list = append(list, edit)
	}
	slices.Sort(list)
	return list
}

// Suggestions tolerate every single edit of every word of five letters or more, also in several words.
func TestSuggestionsTolerateSingleEdits(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	for _, title := range editedTitles {
		insertCourses(t, db, true, map[string]int{title: 1})
	}
	// Other titles with similar words do not displace the right one.
	insertCourses(t, db, true, map[string]int{"Pythagoras": 9, "Graphics": 9, "Machinery": 9, "Kubrick": 9, "Museum": 9, "Statistics": 9, "Bridging": 9})
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for _, title := range editedTitles {
		words := strings.Fields(title)
		for i, word := range words {
			if len([]rune(word)) < 5 {
				continue
			}
			edits := singleEdits(word)
			r.Shuffle(len(edits), func(i, j int) { edits[i], edits[j] = edits[j], edits[i] })
			for _, edit := range edits[:25] {
				typed := strings.Join(append(slices.Clone(words[:i]), edit), " ")
				got := readRows(t, s, func(into func(string)) store.Query { return store.Suggestions(typed, 3, into) })
				if !slices.Contains(got, title) {
					t.Errorf("seed %d: %q suggests %q, want %q", seed, typed, got, title)
				}
			}
		}
	}
	for typed, title := range map[string]string{"machne l": "Machine Learning", "machine lerning": "Machine Learning", "mahcine laerning": "Machine Learning", "everybody pyth": "Python for Everybody"} {
		if got := readRows(t, s, func(into func(string)) store.Query { return store.Suggestions(typed, 1, into) }); !slices.Equal(got, []string{title}) {
			t.Errorf("%q suggests %q, want %q", typed, got, title)
		}
	}
}

// is_single_edit is true for all words of singleEdits, and for no others.
func TestIsSingleEdit(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	for _, word := range []string{"abcde", "aabab", "éàüöß"} {
		edits := singleEdits(word)
		if n := value[int](t, db, "SELECT count(*) FROM unnest($2::text[]) e WHERE is_single_edit(e, $1) AND is_single_edit($1, e) AND word_edits(e) && word_edits($1)", word, edits); n != len(edits) {
			t.Errorf("%d of %d edits of %s", n, len(edits), word)
		}
	}
	for _, pair := range [][2]string{{"abcde", "abcde"}, {"abcde", "badce"}, {"abcde", "abxye"}, {"abcde", "abc"}, {"abcde", "abcdeff"}, {"abcde", "bcdea"}, {"abcde", "xbcdef"}, {"abcde", "cbade"}} {
		if value[bool](t, db, "SELECT is_single_edit($1, $2)", pair[0], pair[1]) {
			t.Errorf("%q is a single edit", pair)
		}
	}
}

// A correction is the word that most courses contain, and a rare misspelling in the courses prevents
// none.
func TestFrequentCorrections(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	for range 12 {
		insertCourses(t, db, true, map[string]int{"Python": 0, "Trail Running": 0})
	}
	for range 2 {
		insertCourses(t, db, true, map[string]int{"Pithon": 0})
	}
	insertCourses(t, db, true, map[string]int{"Phyton": 0, "Pyhton": 0})
	want := []store.Correction{
		{"pyhton", "python"}, // misspelled in one course
		{"Phyton", ""},       // two edits
		{"pithon", ""},       // in two courses of 12
		{"pythno", "python"},
		{"pythn", "python"},
		{"pithn", "pithon"},
		{"python", ""},
		{"runing", "running"},
		{"trail", ""},
	}
	var words []string
	for _, c := range want {
		words = append(words, c.Word)
	}
	got := readRows(t, s, func(into func(store.Correction)) store.Query { return store.Corrections(words, false, into) })
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A last word that is the start of a word is not corrected, and one with a single edit in it is corrected to the
// whole word.
func TestCorrectionsOfStarts(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	insertCourses(t, db, true, map[string]int{"Photography": 0, "Photographs": 0, "Kubernetes": 0, "Øresund Bridges": 0})
	for range 3 {
		insertCourses(t, db, true, map[string]int{"Photographers": 0})
	}
	insertCourses(t, db, false, map[string]int{"Xylophones": 0})
	for typed, want := range map[string][2]string{ // as a whole word, and as the start of one
		"photog":   {"", ""},
		"kuber":    {"", ""},
		"phtoog":   {"", "photographers"},
		"hpotog":   {"", "photographers"},
		"photo":    {"", ""},
		"phoog":    {"", "photographers"},
		"ohotog":   {"", "photographers"},
		"photxog":  {"", "photographers"},
		"kubrn":    {"kubernetes", "kubernetes"}, // similar
		"kuberm":   {"kubernetes", "kubernetes"},
		"kubernte": {"kubernetes", "kubernetes"},
		"ORSEUND":  {"oresund", "oresund"},
		"orseun":   {"", "oresund"},
		"xylo":     {"", ""}, // of a draft
		"xlyop":    {"", ""},
		"株式":       {"", ""},
	} {
		for i, started := range []bool{false, true} {
			got := readRows(t, s, func(into func(store.Correction)) store.Query {
				return store.Corrections([]string{"bridges", typed}, started, into)
			})
			if i == 0 && want[0] == "" {
				continue // a similar word or none
			}
			if got[0].Nearest != "" || got[1].Nearest != want[i] {
				t.Errorf("%q, the start of a word: %v: %+v, want %q", typed, started, got, want[i])
			}
		}
	}
}

// start_edits has the starts of all words of singleEdits.
func TestStartEdits(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	for _, word := range []string{"abcde", "aabab", "éàüöß"} {
		edits := singleEdits(word)
		if n := value[int](t, db, `SELECT count(*) FROM unnest($2::text[]) w WHERE EXISTS (SELECT FROM start_edits($1) e
			WHERE starts_with(w || 'xyz', e.start) AND w || 'xyz' LIKE e.pattern)`, word, edits); n != len(edits) {
			t.Errorf("%d of %d edits of %s", n, len(edits), word)
		}
	}
	if n := value[int](t, db, "SELECT count(*) FROM start_edits('abcde') e WHERE 'abxye' LIKE e.pattern OR 'xbcdx' LIKE e.pattern"); n != 0 {
		t.Errorf("%d patterns of two edits", n)
	}
}
