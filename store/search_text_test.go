package store_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// textPieces are pieces of texts that search_text treats in a way of their own.
var textPieces = []string{
	"c++", "C#", ".NET", "asp.net", "f#a", "++", "#", "-", " - ", "_", "/", "'", "é", "e\u0301", "ß", "ẞ", "Æ", "œ", "İ", "ı", "Σς", "Ё", "Й", "ґ",
	"ﬁ", "½", "™", "№", "Ⅷ", "Ａ＋＋", "株式", "投", "データ", "ｶﾞ", "・", "한국", "ไทย", "हिन्दी", "עברית", "العَرَبِيَّة", "🎨", "👩‍💻", "\u00a0", "\u200b",
	"♯", "a", "B", "z9", "0", " ", "\t", "\n", "̈", "́", "〇", "々", "…", "Ø", "Ŋ", "Ђ", "Ӏ", "Ֆ",
}

// textRanges are the characters of the random texts, all of them from before 2021, because later
// characters depend on the version of PostgreSQL and of this program.
var textRanges = [][2]rune{
	{0x1, 0x7f},
	{0x80, 0x24f},
	{0x370, 0x3ff},
	{0x400, 0x52f},
	{0x531, 0x556},
	{0x5d0, 0x5ea},
	{0x620, 0x6ff},
	{0x900, 0x963},
	{0xe01, 0xe5b},
	{0x1100, 0x1112},
	{0x1e00, 0x1eff},
	{0x2000, 0x206f},
	{0x2100, 0x218b},
	{0x2460, 0x24ff},
	{0x3000, 0x30ff},
	{0x3200, 0x33ff},
	{0x4e00, 0x4eff},
	{0xac00, 0xacff},
	{0xf900, 0xfa6d},
	{0xfb00, 0xfb06},
	{0xff01, 0xff9f},
	{0x1d400, 0x1d454},
	{0x1f300, 0x1f5ff},
	{0x20000, 0x200ff},
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(30) {
		if r.IntN(2) == 0 {
			b.WriteString(textPieces[r.IntN(len(textPieces))])
			continue
		}
		x := textRanges[r.IntN(len(textRanges))]
		b.WriteRune(x[0] + r.Int32N(x[1]-x[0]+1))
	}
	return b.String()
}

// edu.SearchText and search_text of the database return the same for every text, and for every
// Unicode form of it.
func TestSearchTextTwins(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	var texts []string
	for range 10_000 {
		text := randomText(r)
		texts = append(texts, text, norm.NFD.String(text))
	}
	var got []string
	if err := db.QueryRow(t.Context(), "SELECT array_agg(search_text(t) ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS x (t, n)", texts).Scan(&got); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if want := edu.SearchText(text); got[i] != want {
			t.Fatalf("seed %d: search_text(%+q) = %q in the database, want %q", seed, text, got[i], want)
		}
		if i%2 == 1 && got[i] != got[i-1] {
			t.Fatalf("seed %d: search_text(%+q) = %q, and %q for its form NFD", seed, texts[i-1], got[i-1], got[i])
		}
	}
}

// No trigger changes a course before an update: with one, PostgreSQL would compute the generated columns of a course
// again with each of its counters.
func TestCoursesHaveNoTriggerBeforeUpdates(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	const row, before, update = 1, 2, 16 // bits of tgtype
	if names := value[string](t, db, `SELECT coalesce(string_agg(tgname, ' '), '') FROM pg_trigger WHERE tgrelid = 'courses'::regclass AND tgtype & $1 = $1`,
		row|before|update); names != "" {
		t.Errorf("triggers before updates: %s", names)
	}
}

// The text of a course contains its instructor's name, also after the instructor is renamed or
// replaced, and whichever of two concurrent transactions commits first.
func TestInstructorNames(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	const create = "INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) VALUES (gen_random_uuid(), 'x', 'beginner', 1, 1)"
	check := func(when string) {
		t.Helper()
		if wrong := value[int](t, db, `SELECT count(*) FROM courses c JOIN users u ON u.id = c.instructor_id
			WHERE c.instructor_key <> search_text(u.name) OR NOT c.search_vector @@ plainto_tsquery('simple', c.instructor_key)`); wrong > 0 {
			t.Errorf("%s: %d courses have another name than their instructor", when, wrong)
		}
	}
	exec(t, db, create)
	check("a new course")
	exec(t, db, "UPDATE users SET name = 'Zoë Ångström' WHERE id = 1")
	check("a rename")
	exec(t, db, "UPDATE courses SET instructor_key = 'forged'")
	check("an update of the column")
	exec(t, db, "UPDATE courses SET instructor_id = 2")
	check("another instructor")
	for _, c := range [][2]string{{create, "UPDATE users SET name = name || 'y' WHERE id = 1"}, {"UPDATE users SET name = name || 'z' WHERE id = 1", create}} {
		first, inFirst := begin(t, db)
		inFirst(c[0])
		done := make(chan error)
		go func() {
			_, err := db.Exec(t.Context(), c[1])
			done <- err
		}()
		for !value[bool](t, db, lockWaitSQL) {
			runtime.Gosched()
		}
		commit(t, first)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		check(c[0] + " before " + c[1])
	}
}
