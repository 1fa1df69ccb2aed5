package limits

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/gql/limits/hostile"
)

func TestNormalizeText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{a}":                                "{ a }",
		" { a } ":                            "{ a }",
		"# x\n{a,,b #y\r\n\tc}#z":            "{ a b c }",
		"\ufeff{a}":                          "{ a }",
		"query($a:[Int!]=[1,-2]){a(b:$a)@c}": "query ( $ a : [ Int ! ] = [ 1 -2 ] ) { a ( b : $ a ) @ c }",
		"{...F...on T{a}}":                   "{ ... F ... on T { a } }",
		`{a(b:"" "# , ")}`:                   `{ a ( b : "" "# , " ) }`,
		`{a(b:"\"  #,")}`:                    `{ a ( b : "\"  #," ) }`,
		"{a(b:\"\"\"\n # \\\"\"\" ,  \"\"\"\"\")}": "{ a ( b : \"\"\"\n # \\\"\"\" ,  \"\"\"\"\" ) }",
		"{a(b:1.5e+3)}":       "{ a ( b : 1.5e+3 ) }",
		"{a(b:1...c)}":        "{ a ( b : 1...c ) }", // invalid, and stays so
		"":                    "",
		"{ a ? }":             "{ a ? }", // no tokens: unchanged
		"{a(b:\"\n\")}":       "{a(b:\"\n\")}",
		"{a #\x01\n}":         "{a #\x01\n}",
		"{a(b:\"\"\"x\"\")} ": "{a(b:\"\"\"x\"\")} ",
	} {
		if got, _ := normalizeText(text); got != want {
			t.Errorf("%q is normalized as\n%q, want\n%q", text, got, want)
		}
	}
	if _, n := normalizeText("{a#1\n#2\n}"); n != 5 {
		t.Errorf("%d tokens and comments, want 5", n)
	}
}

// FuzzNormalizeText checks that a normalized text is the same document, or as invalid, and that
// normalizing it again changes nothing.
func FuzzNormalizeText(f *testing.F) {
	for _, d := range hostile.LoadDocuments() {
		if len(d.Text) < 10_000 {
			f.Add(d.Text)
		}
	}
	for _, text := range []string{`{a(b:"""x""""""y""")}`, `{a(b:"\u{41}\\")}`, "{a1 1a -1-2 0...x}", "#\n\"d\"query A{a}", "{a(b:[1,2.0,$c])\r@d}"} {
		f.Add(text)
	}
	printed := func(text string) string {
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			return "invalid"
		}
		var b bytes.Buffer
		formatter.NewFormatter(&b).FormatQueryDocument(doc)
		return b.String()
	}
	f.Fuzz(func(t *testing.T, text string) {
		normalized, _ := normalizeText(text)
		if a, b := printed(text), printed(normalized); a != b {
			t.Errorf("%q is\n%s\nnormalized %q is\n%s", text, a, normalized, b)
		}
		if again, _ := normalizeText(normalized); again != normalized {
			t.Errorf("%q is normalized as %q, and that as %q", text, normalized, again)
		}
	})
}

// TestDocumentCacheIgnoresComments checks that texts which differ in comments share one document, and that
// the limit of tokens applies to comments as the parser applies it.
func TestDocumentCacheIgnoresComments(t *testing.T) {
	t.Parallel()
	policy := &Policy{limits: Defaults()}
	c := NewDocumentCache(policy, 1<<20)
	doc := &Document{Query: &ast.QueryDocument{}}
	c.entries.Set("{ a }", doc)
	for i := range 1000 {
		text := fmt.Sprintf("#%d\n{a}", i)
		if got, ok := c.Get(t.Context(), text); !ok || got != doc.Query {
			t.Fatalf("%q has no document", text)
		}
		if got, normalized := c.Find(text); got != doc.Query || normalized != "{ a }" {
			t.Fatalf("%q is normalized as %q", text, normalized)
		}
	}
	if n := c.entries.EstimatedSize(); n != 1 {
		t.Errorf("the cache has %d documents", n)
	}
	if _, ok := c.Get(t.Context(), strings.Repeat("#\n", policy.limits.Tokens)+"{a}"); ok {
		t.Error("a text with too many comments has a document")
	}
}

// TestKnownTextIsNotNormalized checks that a text which is known costs no normalization.
func TestKnownTextIsNotNormalized(t *testing.T) {
	c := NewDocumentCache(&Policy{limits: Defaults()}, 1<<20)
	const text = "{ a # as it was sent\n}"
	c.entries.Set("{ a }", &Document{Query: &ast.QueryDocument{}})
	c.Find(text)
	if n := testing.AllocsPerRun(100, func() { c.Find(text) }); n != 0 {
		t.Errorf("a known text costs %v allocations", n)
	}
}
