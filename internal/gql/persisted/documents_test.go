package persisted_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/persisted"
)

func parse(t *testing.T, text string) []*persisted.Document {
	t.Helper()
	all, err := persisted.ParseDocuments([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParseDocuments(t *testing.T) {
	t.Parallel()
	type row struct{ ID, Operation string }
	for name, tt := range map[string]struct {
		text string
		want []row
	}{
		"apollo": {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
			{"id": "b", "name": "B", "type": "query", "body": "query B { a }"}, {"id": "a", "body": "{ a }"}]}`, []row{{"b", "B"}, {"a", ""}}},
		"relay map":      {`{"2": "query Two { a }", "1": "query One { a }"}`, []row{{"1", "One"}, {"2", "Two"}}},
		"relay pairs":    {`[["x", "mutation M { a }"], ["x", "mutation M { a }"]]`, []row{{"x", "M"}}},
		"document":       {"{a}", []row{{persisted.HashText("{a}"), ""}}},
		"empty manifest": {`{}`, nil},
		"prefixed hash":  {`{"sha256:` + persisted.HashText("{a}") + `": "{a}"}`, []row{{persisted.HashText("{a}"), ""}}},
	} {
		var got []row
		for _, d := range parse(t, tt.text) {
			got = append(got, row{d.ID, d.Operation})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for text, want := range map[string]string{
		`{"1": "query {"}`:                     "entry 1: document 1: ",
		`{"1": "query A { a } query B { b }"}`: "2 operations",
		`{"1": "fragment F on T { a }"}`:       "0 operations",
		`{"a b": "{a}"}`:                       "spaces",
		`{"md5:abc": "{a}"}`:                   "colon",
		`{"": "{a}"}`:                          "no id",
		`[["a", "{a}"], ["a", "{b}"]]`:         "two texts",
		`["a"]`:                                "pairs",
		`{"format": "other", "version": 1}`:    "unknown manifest format",
		`{"a": 1}`:                             "unknown format",
		`"x"`:                                  "unknown format",
		"":                                     "0 operations",
		`{"` + strings.Repeat("i", 201) + `": "{a}"}`:    "at most 200",
		`{"a": "{` + strings.Repeat("a ", 60000) + `}"}`: "at most",
	} {
		if _, err := persisted.ParseDocuments([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want an error with %q", text, err, want)
		}
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.graphql", "query A { a }")
	write("b.json", `{"b": "query B { b }"}`)
	write("README.md", "not a document")
	write("b.variables.json", `{"first": 3}`)
	all, err := persisted.ReadFiles(dir)
	if err != nil || len(all) != 2 || all[0].Operation != "A" || all[1].ID != "b" {
		t.Errorf("read %v, %v", all, err)
	}
	write("c.json", `{"b": "query Other { b }"}`)
	if _, err := persisted.ReadFiles(dir); err == nil || !strings.Contains(err.Error(), "two texts") {
		t.Errorf("got %v, want an error for one id with two texts", err)
	}
	write("e.json", "{\n  \"a\": {,}\n}")
	if _, err := persisted.ReadFiles(filepath.Join(dir, "e.json")); err == nil || !strings.Contains(err.Error(), "e.json: line 2, column 9: invalid JSON") {
		t.Errorf("got %v, want the line and column", err)
	}
	write("d.graphql", "query {")
	if _, err := persisted.ReadFiles(filepath.Join(dir, "d.graphql")); err == nil || !strings.Contains(err.Error(), "d.graphql") {
		t.Errorf("got %v, want the name of the file", err)
	}
}

// TestFind finds documents by id and text. Client libraries print texts in their own ways.
func TestFind(t *testing.T) {
	t.Parallel()
	list := persisted.NewList(parse(t, `{"1": "query A($x: Int = 1) { a(x: $x) { ...F } }\nfragment F on T { b c }"}`))
	for text, want := range map[string]bool{
		"query A($x: Int = 1) { a(x: $x) { ...F } }\nfragment F on T { b c }":                         true,
		"fragment F on T {b,c, __typename}\n#\nquery A($x:Int=1){a(x:$x){__typename ...F}__typename}": true,
		"query A($x: Int = 2) { a(x: $x) { ...F } }\nfragment F on T { b c }":                         false,
		"query A($x: Int = 1) { a(x: $x) { ...F } }\nfragment F on T { c b }":                         false, // another order in the response
		"query A($x: Int = 1) { a(x: $x) { ...F } }\nfragment F on T { b c t: __typename }":           false,
		"query {": false,
	} {
		if got := list.FindByText(text) != nil; got != want {
			t.Errorf("%q matches: %v, want %v", text, got, want)
		}
	}
	if list.FindByIDOrHash("1") == nil || list.FindByIDOrHash("2") != nil {
		t.Error("got a document for id 2, or none for id 1")
	}
	if d := list.FindSimilar("A", "query A { other }"); d == nil || d.ID != "1" {
		t.Errorf("the most similar by name is %v", d)
	}
	if d := list.FindSimilar("", "query Z($x: Int = 1) { a(x: $x) { b c d } } fragment F on T { b }"); d == nil || d.ID != "1" {
		t.Errorf("the most similar by words is %v", d)
	}
	if d := list.FindSimilar("", "{ nothing alike }"); d != nil {
		t.Errorf("the most similar to another text is %v", d)
	}
	added, missing := persisted.CompareWords("query A($x: Int = 1) { a(x: $x) { ...F } } fragment F on T { b d }", list.FindByIDOrHash("1"))
	if diff := cmp.Diff([][]string{{"d"}, {"c"}}, [][]string{added, missing}); diff != "" {
		t.Error(diff)
	}
}

// TestReplaceDocuments checks that the documents of the database take precedence over those of
// the manifest.
func TestReplaceDocuments(t *testing.T) {
	t.Parallel()
	list := persisted.NewList(parse(t, `{"1": "{a}"}`))
	more := parse(t, `{"1": "{a}", "2": "{b}"}`)
	now := time.Now()
	more[0].RetiredAt = &now
	list.ReplaceDocuments(more)
	if list.FindByIDOrHash("1").RetiredAt == nil || list.FindByIDOrHash("2") == nil || list.Len() != 2 {
		t.Error("the documents of the database are missing")
	}
	list.ReplaceDocuments(nil)
	if list.FindByIDOrHash("1").RetiredAt != nil || list.FindByIDOrHash("2") != nil {
		t.Error("the documents of the manifest have changed")
	}
}

func TestValidateAgainst(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { a: Int }"})
	if err := parse(t, "{a}")[0].ValidateAgainst(schema); err != nil {
		t.Error(err)
	}
	if err := parse(t, "{a b}")[0].ValidateAgainst(schema); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("got %v, want an error for b", err)
	}
}

func TestUsageCounter(t *testing.T) {
	t.Parallel()
	var uses persisted.UsageCounter
	first := time.Unix(1, 0)
	uses.RecordUsage("b", "ios", "2", first)
	uses.RecordUsage("a", "web", "", first)
	uses.RecordUsage("b", "ios", "2", first.Add(time.Second))
	uses.RecordUsage("a", strings.Repeat("x", 99)+"\xff", "\x00", first)
	want := []persisted.Usage{
		{DocumentID: "a", Client: "web", LastUsed: first, Count: 1},
		{DocumentID: "a", Client: strings.Repeat("x", 64), LastUsed: first, Count: 1},
		{DocumentID: "b", Client: "ios", Version: "2", LastUsed: first.Add(time.Second), Count: 2},
	}
	got := uses.TakeUsages()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	uses.RecordUsage("b", "ios", "2", first)
	uses.RestoreUsages(got)
	if again := uses.TakeUsages(); len(again) != 3 || again[2].Count != 3 || !again[2].LastUsed.Equal(first.Add(time.Second)) {
		t.Errorf("restored %v", again)
	}
}

// TestInventedClients counts the uses of clients beside those of a caller that sends another name each
// time. Invented names share one row, and displace no client that is in use.
func TestInventedClients(t *testing.T) {
	t.Parallel()
	var uses persisted.UsageCounter
	now := time.Unix(1, 0)
	invent := func(n int) {
		for i := range 5_000 {
			uses.RecordUsage("a", strconv.Itoa(n+i), "", now)
		}
	}
	clients := []string{"android", "ios", "web"}
	for range 2 {
		for _, client := range clients {
			uses.RecordUsage("a", client, "1", now)
		}
	}
	invent(0)
	for range 2 {
		uses.RecordUsage("a", "late", "1", now)
	}
	invent(10_000)
	uses.RecordUsage("b", "web", "1", now)
	got := uses.TakeUsages()
	total, counts := int64(0), map[string]int64{}
	for _, u := range got {
		total += u.Count
		counts[u.DocumentID+" "+u.Client] = u.Count
	}
	if len(got) > 102 || total != 10_009 || counts["a other"] < 9_900 {
		t.Errorf("%d usages with %d uses, %d of other clients; want at most 102 with 10,009", len(got), total, counts["a other"])
	}
	for client, want := range map[string]int64{"a android": 2, "a ios": 2, "a web": 2, "a late": 2, "b web": 1} {
		if counts[client] != want {
			t.Errorf("%s: %d uses, want %d", client, counts[client], want)
		}
	}
}

// FuzzParseDocuments parses any text, and checks that each document of a manifest is accepted
// by itself and found.
func FuzzParseDocuments(f *testing.F) {
	f.Add(`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "b", "body": "query B { a }"}]}`)
	f.Add(`[["x", "{ a __typename ... on T { b } }"]]`)
	f.Add(`query($a: [Int!] = [1]) { a(b: $a) @skip(if: true) { __typename } }`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := persisted.ParseDocuments([]byte(text))
		if err != nil {
			return
		}
		list := persisted.NewList(all)
		for _, d := range all {
			again, err := persisted.NewDocument(d.ID, d.Body)
			if err != nil || again.Hash != d.Hash {
				t.Fatalf("%q is rejected the second time: %v", d.Body, err)
			}
			if list.FindByIDOrHash(d.ID) == nil || list.FindByText(d.Body) == nil {
				t.Fatalf("%q is not found", d.ID)
			}
		}
	})
}

// TestMissingFile checks that a path which does not exist is an error that names it, also beside a path that does.
func TestMissingFile(t *testing.T) {
	t.Parallel()
	present := filepath.Join(t.TempDir(), "a.graphql")
	if err := os.WriteFile(present, []byte("{ __typename }"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.json")
	for _, paths := range [][]string{{missing}, {present, missing}, {missing, present}} {
		if list, err := persisted.ReadFiles(paths...); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%q: %d documents, error %v", paths, len(list), err)
		}
	}
}

// The current documents are ordered. A document that is retired for one client is among them.
func TestListCurrent(t *testing.T) {
	t.Parallel()
	list := persisted.NewList(parse(t, `{"m": "query B { a }", "gone": "query A { a }"}`))
	more := parse(t, `{"z": "query A { b }", "a": "query A { c }", "gone": "query A { a }", "partly": "{ d }"}`)
	for _, d := range more {
		switch now := time.Now(); d.ID {
		case "gone":
			d.RetiredAt = &now
		case "partly":
			d.RetiredClients = map[string]string{"ios": ""}
		}
	}
	list.ReplaceDocuments(more)
	var got []string
	for _, d := range list.ListCurrent() {
		got = append(got, d.ID)
	}
	if diff := cmp.Diff([]string{"partly", "a", "z", "m"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
