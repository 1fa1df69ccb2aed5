package limits_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/gql/limits"
)

// documentTexts are the operations of our clients, and texts that take much memory for their length.
func documentTexts(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{
		"list of numbers": "{a(b:[" + strings.Repeat("1 ", 1_980) + "])}",
		"short fields":    "{" + strings.Repeat("a{b c d e f g h i j k l m n o p q r s t u v w x y z}", 29) + "}",
	}
	for _, name := range []string{"catalog", "course-page", "search", "dashboard", "browse-tree"} {
		text, err := os.ReadFile("../../../bench/operations/" + name + ".graphql")
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

// BenchmarkDocumentMemory reports how many bytes of memory a parsed document takes for each byte of its
// text.
func BenchmarkDocumentMemory(b *testing.B) {
	lenient := limits.Defaults()
	lenient.SameFieldPerSet, lenient.Fields = 10_000, 1_000_000
	p := newPolicy(b, contractSchema(b), lenient)
	for name, text := range documentTexts(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				documents := make([]*limits.Document, 200)
				before := liveBytes()
				for i := range documents {
					d, err := p.ParseDocument(strings.Clone(text))
					if err != nil {
						b.Fatal(err)
					}
					documents[i] = d
				}
				b.ReportMetric(float64(liveBytes()-before)/float64(len(documents)*len(text)), "B/B")
				runtime.KeepAlive(documents)
			}
		})
	}
}

// liveBytes returns the bytes of the objects that are reachable.
func liveBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestDocumentCacheIsBounded adds hostile documents to a cache of 4 MiB.
//
//nolint:paralleltest // HeapAlloc counts the objects of all goroutines
func TestDocumentCacheIsBounded(t *testing.T) {
	values := limits.Defaults()
	values.Fields = 1_000_000
	p := newPolicy(t, contractSchema(t), values)
	before := liveBytes()
	cache := limits.NewDocumentCache(p, 4<<20)
	text := documentTexts(t)["list of numbers"]
	for i := range 200 {
		text := fmt.Sprintf("{a%d:%s", i, text[1:])
		query, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		cache.Add(t.Context(), text, query)
	}
	cache.CleanUp()
	if used := liveBytes() - before; used > 5<<20 || used < 1<<20 {
		t.Errorf("the cache takes %d bytes, want 4 MiB at most", used)
	}
	runtime.KeepAlive(cache)
}
