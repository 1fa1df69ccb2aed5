package highlight_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/highlight"
)

func TestRenderHTML(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tree, text, want string }{
		{"'rust'", "Rust in practice", "<mark>Rust</mark> in practice"},
		{"'practic' & 'rust'", "Practical Rust, practice", "<mark>Practical</mark> <mark>Rust</mark>, <mark>practice</mark>"},
		{"'run'", "running RUNS run rune", "<mark>running</mark> <mark>RUNS</mark> <mark>run</mark> rune"},
		{"'list'", "List<T> & <b>lists</b>", "<mark>List</mark>&lt;T&gt; &amp; &lt;b&gt;<mark>lists</mark>&lt;/b&gt;"},
		{"'mark'", "</mark><mark>", "&lt;/<mark>mark</mark>&gt;&lt;<mark>mark</mark>&gt;"},
		{"'cafe'", "CAFÉ café cafe\u0301", "<mark>CAFÉ</mark> <mark>café</mark> <mark>cafe\u0301</mark>"},
		{"'pyth':*", "Pythonic python, Py", "<mark>Pythonic</mark> <mark>python</mark>, Py"},
		{"'node' & 'js'", "Node.js, node and js", "<mark>Node.js</mark>, <mark>node</mark> and <mark>js</mark>"},
		{"'cplusplus'", "C++ and C", "<mark>C++</mark> and C"},
		{"'csharp'", "C# (c#)", "<mark>C#</mark> (<mark>c#</mark>)"},
		{"'dotnet' & 'net'", "ASP.NET and network", "ASP<mark>.NET</mark> and network"},
		{"'投資'", "株式投資 A", "株式<mark>投資</mark> A"},
		{"'data' <-> 'scienc'", "Data science", "<mark>Data</mark> <mark>science</mark>"},
		{"T", "anything", "anything"},
		{"", "anything & all", "anything &amp; all"},
		{"'x'", "", ""},
		{"'rust'", "\"rust\" 'rust'", "&#34;<mark>rust</mark>&#34; &#39;<mark>rust</mark>&#39;"},
	} {
		if got := highlight.New(c.tree).RenderHTML(c.text); got != c.want {
			t.Errorf("New(%s).RenderHTML(%q) = %q, want %q", c.tree, c.text, got, c.want)
		}
	}
}

var marks = regexp.MustCompile("</?mark>")

// FuzzHTML checks that RenderHTML only adds marks, never nests them and escapes the whole text.
func FuzzHTML(f *testing.F) {
	f.Add("'rust' & 'c'", "<script>Rust & C++</script>")
	f.Add("'''' | '<mark>'", "it's <mark>\xff\x00 é́")
	f.Add("'node.js' | '3.11' | 'a/b'", "Node.js 3.11 a/b. x@y.z -5 ...")
	f.Fuzz(func(t *testing.T, tree, text string) {
		text = strings.ToValidUTF8(text, "") // PostgreSQL stores only valid UTF-8
		got := highlight.New(tree).RenderHTML(text)
		if plain := marks.ReplaceAllString(got, ""); html.UnescapeString(plain) != html.UnescapeString(html.EscapeString(text)) || plain != html.EscapeString(text) {
			t.Errorf("RenderHTML(%q) = %q, which is not the escaped text with marks", text, got)
		}
		inside := false
		for _, m := range marks.FindAllString(got, -1) {
			if (m == "<mark>") == inside {
				t.Fatalf("marks are nested in %q", got)
			}
			inside = !inside
		}
		if inside {
			t.Errorf("a mark is not closed in %q", got)
		}
	})
}
