package edu_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
)

func TestParseSearchQuery(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]edu.SearchQuery{
		"":             {},
		"!? - --":      {},
		"Café":         {Exact: "cafe", Whole: "'cafe'", Prefix: "'cafe':*", Words: []string{"cafe"}},
		"c":            {Exact: "c", Whole: "'c'", Words: []string{"c"}},
		"react n":      {Exact: "react n", Whole: "'react' & 'n'", Prefix: "'n':*", PrefixRest: "'react'", Words: []string{"react", "n"}},
		"a node.js":    {Exact: "a node js", Whole: "'a' & 'node' & 'js'", Prefix: "'js':*", PrefixRest: "'a' & 'node'", Words: []string{"a", "node", "js"}},
		"big - data":   {Exact: "big data", Whole: "'big' & 'data'", Prefix: "'data':*", PrefixRest: "'big'", Words: []string{"big", "data"}},
		"big -data":    {Exact: "big data", Whole: "'big' & !('data')", Words: []string{"big"}, Excluded: "('data')"},
		"-a.b --c big": {Exact: "a b c big", Whole: "!('a' <-> 'b') & !('c') & 'big'", Prefix: "'big':*", PrefixRest: "!('a' <-> 'b') & !('c')", Words: []string{"big"}, Excluded: "('a' <-> 'b') | ('c')"},
		"a or b c":     {Exact: "a or b c", Whole: "'a' | 'b' & 'c'", Prefix: "'c':*", PrefixRest: "'b'", Words: []string{"a", "b", "c"}},
		"or a or":      {Exact: "or a or", Whole: "'or' & 'a' & 'or'", Prefix: "'or':*", PrefixRest: "'or' & 'a'", Words: []string{"or", "a", "or"}},
		`a "b c"`:      {Exact: "a b c", Whole: "'a' & ('b' <-> 'c')", Words: []string{"a", "b", "c"}},
		`a -"b c"`:     {Exact: "a b c", Whole: "'a' & !('b' <-> 'c')", Words: []string{"a"}, Excluded: "('b' <-> 'c')"},
		`“b c” "ab`:    {Exact: "b c ab", Whole: "('b' <-> 'c') & 'ab'", Prefix: "'ab':*", PrefixRest: "('b' <-> 'c')", Words: []string{"b", "c", "ab"}},
		"go course":    {Exact: "go course", Whole: "'go'", Optional: "'course'", Words: []string{"go"}},
		"course go":    {Exact: "course go", Whole: "'go'", Prefix: "'go':*", Optional: "'course'", Words: []string{"go"}},
		"course":       {Exact: "course", Whole: "'course'", Prefix: "'course':*", Words: []string{"course"}},
		"course -go":   {Exact: "course go", Whole: "'course' & !('go')", Words: []string{"course"}, Excluded: "('go')"},
		"入門書":          {Exact: "入門 門書", Whole: "'入門' & '門書'", Prefix: "'門書':*", PrefixRest: "'入門'", Words: []string{"入門", "門書"}},
	} {
		if diff := cmp.Diff(want, edu.ParseSearchQuery(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// FuzzSearchQuery searches for a text whose words contain anything that is an operator of a tsquery.
func FuzzSearchQuery(f *testing.F) {
	for _, text := range []string{`a "b c" -d or e`, "' | !(:*)&<->\\", "“-”\"--\" or or -", "C++ .net\u00a0株式投資'"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q := edu.ParseSearchQuery(text)
		for _, word := range q.Words {
			if word == "" || strings.ContainsAny(word, `'"\&|!()<>:* `) {
				t.Errorf("%q has the word %q", text, word)
			}
		}
		if strings.Count(q.Whole, "'")%2 != 0 || strings.Count(q.Whole, "(") != strings.Count(q.Whole, ")") {
			t.Errorf("%q is the query %s", text, q.Whole)
		}
		for w := range edu.SearchWords(text) {
			if w.Start < 0 || w.End > len(text) || w.Start >= w.End || w.Word == "" {
				t.Errorf("%q has the word %+v", text, w)
			}
		}
	})
}

// SearchWords returns the words of SearchText, and their places.
func TestSearchWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "Node.js: a C++/C# primer (.NET)", "Música, ＦＵＬＬ e\u0301 ½", "株式投資 入門Python本", "a 株", "ASP.NET", "C++11", "C♯", "C♯ and F#a", "3++", ".NET6 .NETs a.net", "soft\u00adhyphen ﬁne"} {
		var words, places []string
		for w := range edu.SearchWords(text) {
			words, places = append(words, w.Word), append(places, text[w.Start:w.End])
		}
		if want := strings.Fields(edu.SearchText(text)); !slices.Equal(words, want) {
			t.Errorf("%q has the words %q, want %q", text, words, want)
		}
		for i, place := range places {
			if words[i] == "dotnet" {
				continue
			}
			if !strings.Contains(" "+edu.SearchText(place)+" ", " "+words[i]+" ") {
				t.Errorf("%q: the word %q is at %q", text, words[i], place)
			}
		}
	}
}

// Texts of the parts that make words differ have the same words in their places as SearchText has.
func TestSearchWordsOfParts(t *testing.T) {
	t.Parallel()
	parts := []string{"c", "F", "++", "#", "♯", ".", "net", "NET", "6", "入", "門", "é", "py", " ", "-"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		var words []string
		for w := range edu.SearchWords(b.String()) {
			words = append(words, w.Word)
		}
		if want := strings.Fields(edu.SearchText(b.String())); !slices.Equal(words, want) {
			t.Fatalf("%q has the words %q, want %q", b.String(), words, want)
		}
	}
}
