package highlight_test

import (
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/7p-education/api/internal/highlight"
)

func TestRenderSnippet(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("word ", 20)
	for _, c := range []struct{ tree, text, want string }{
		{"'rust'", "Short text on Rust.", "Short text on <mark>Rust</mark>."},
		{"'rust'", "  Short text.  ", "Short text."},
		{"'rust'", "", ""},
		{"'rust'", "None of the words occurs in this text of many words.", "None of the words occurs in this text of…"},
		{"'rust'", filler + "then Rust & <b>more</b> of it " + filler, "…word then <mark>Rust</mark> &amp; &lt;b&gt;more&lt;/b&gt; of it word…"},
		{"'rust' | 'go'", "Rust " + filler + "Go, Rust and Go " + filler, "…word word <mark>Go</mark>, <mark>Rust</mark> and <mark>Go</mark> word word word…"},
		{"'rust'", filler + "at the end: Rust", "…word word word word at the end: <mark>Rust</mark>"},
		{"'rust'", "Rust " + filler, "<mark>Rust</mark> word word word word word word word…"},
		{"'投資'", strings.Repeat("あ", 50) + "投資" + strings.Repeat("い", 50), "…" + strings.Repeat("あ", 10) + "<mark>投資</mark>" + strings.Repeat("い", 28) + "…"},
		{"'x'", strings.Repeat("e\u0301", 50), strings.Repeat("e\u0301", 20) + "…"},
		{"'x'", strings.Repeat("e", 39) + "e\u0301" + strings.Repeat("e", 9), strings.Repeat("e", 39) + "…"},
		{"'a':*", strings.Repeat("a", 99), "<mark>" + strings.Repeat("a", 40) + "</mark>…"},
	} {
		if got := highlight.New(c.tree).RenderSnippet(c.text, 40); got != c.want {
			t.Errorf("New(%s).RenderSnippet(%.60q) = %q, want %q", c.tree, c.text, got, c.want)
		}
	}
}

// FuzzSnippet checks that a snippet is a part of the text, of at most the limit, with a match if the text has
// one, and otherwise only adds marks and ellipses.
func FuzzSnippet(f *testing.F) {
	f.Add("'rust' & 'c'", "<script>Rust & C++</script>", 9)
	f.Add("'x':* | '<mark>'", "it's <mark>\xff\x00 é́ x xx xxx", 7)
	f.Add("'投資'", "株式投資入門 a b", 3)
	f.Fuzz(func(t *testing.T, tree, text string, limit int) {
		text = strings.ToValidUTF8(text, "")
		limit = max(1, limit%1000)
		m := highlight.New(tree)
		got := m.RenderSnippet(text, limit)
		plain := html.UnescapeString(marks.ReplaceAllString(got, ""))
		if !strings.Contains(text, strings.Trim(plain, "…")) {
			t.Fatalf("%q is not a part of %q", plain, text)
		}
		if n := utf8.RuneCountInString(strings.TrimSuffix(strings.TrimPrefix(plain, "…"), "…")); n > limit && n > utf8.RuneCountInString(strings.TrimFunc(text, unicode.IsSpace)) {
			t.Errorf("%q has %d characters, more than %d", plain, n, limit)
		}
		if open, closed := strings.Count(got, "<mark>"), strings.Count(got, "</mark>"); open != closed {
			t.Errorf("%d marks are opened and %d closed in %q", open, closed, got)
		}
		if strings.Contains(m.RenderHTML(text), "<mark>") && !strings.Contains(got, "<mark>") {
			t.Errorf("%q has no match of %q", got, text)
		}
	})
}
