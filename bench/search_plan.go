package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/7p-education/api/bench/catalogue"
)

// searchLoad is a kind of requests. Its variables are sent in turn.
type searchLoad struct {
	title, document string
	variables       []map[string]any
}

const (
	suggestDocument     = "query($text: String!) { suggest(prefix: $text, first: 10) { text kind } }"
	suggestionsDocument = "query($text: String!) { searchSuggestions(prefix: $text, first: 10) }"
)

// searchDocument returns the document of a search, as a page sends it while it is used.
func searchDocument(arguments, selection string) string {
	return "query($text: String!) { searchCourses(query: $text" + arguments + ") { totalCount pageInfo { endCursor hasNextPage } " + selection +
		" edges { score highlight { title } node { id title slug price { amount } rating enrollmentCount } } } }"
}

// planSearches returns the loads.
func planSearches(courses []catalogue.Course) []searchLoad {
	r := rand.New(rand.NewPCG(planSeed, 50_000))
	typed := typedTexts(r, courses)
	var loads []searchLoad
	for _, t := range typed {
		for _, field := range []struct{ name, document string }{{"suggest", suggestDocument}, {"searchSuggestions", suggestionsDocument}} {
			loads = append(loads, searchLoad{field.name + ", " + t.title, field.document, textVariables(t.texts)})
		}
	}
	const filter = `, filter: {categoryId: "Q2F0ZWdvcnk6Mg", difficulty: BEGINNER, price: PAID, maxDurationSeconds: 20000}`
	common := []string{"python", "javascript", "practice", "complete", "fundamentals"}
	for _, l := range []struct {
		title, arguments, selection string
		texts                       []string
	}{
		{"search, a common word", "", "", common},
		{"search, several words", "", "", []string{"python fundamentals", "javascript closures promises", "complete java course", "learn typescript building projects"}},
		{"search, a rare word", "", "", []string{"quantum", "beekeeping", "origami", "screenwriting"}},
		{"search, the start of a word", "", "", []string{"pyth", "javas", "photog", "machine le"}},
		{"search, no course has all words", "", "", []string{"python beekeeping", "origami javascript sailing", "quantum photoshop guitar"}},
		{"search, facets", "", "facets { categories { count } difficulties { count } prices { count } }", common},
		{"search, all facets", "", "facets { categories { count } difficulties { count } prices { count } languages { count } tags { count } instructors { count } ratings { count } durations { count } }", common},
		{"search, filters", filter, "", common},
		{"search, by enrollments", ", sort: ENROLLMENTS", "", common},
		{"search, by rating", ", sort: RATING", "", common},
		{"search, newest first", ", sort: NEWEST", "", common},
		{"search, by price", ", orderBy: {field: PRICE, direction: ASC}", "", common},
		{"search, backwards", ", last: 20", "", common},
		{"search, no words", "", "", []string{""}},
	} {
		loads = append(loads, searchLoad{l.title, searchDocument(l.arguments, l.selection), textVariables(l.texts)})
	}
	return loads
}

// textVariables returns the variables of each text.
func textVariables(texts []string) (list []map[string]any) {
	for _, text := range texts {
		list = append(list, map[string]any{"text": text})
	}
	return list
}

// typedKind is a kind of typed texts.
type typedKind struct {
	title string
	texts []string
}

// typedTexts returns 40 texts of each kind, of random titles.
func typedTexts(r *rand.Rand, courses []catalogue.Course) []typedKind {
	draw := func(title string, text func(letters []rune) []rune) typedKind {
		k := typedKind{title: title}
		for len(k.texts) < 40 {
			letters := []rune(strings.TrimSpace(courses[r.IntN(len(courses))].Title))
			if t := text(letters); t != nil {
				k.texts = append(k.texts, string(t))
			}
		}
		return k
	}
	within := func(first, last rune) func([]rune) []rune {
		return func(letters []rune) []rune {
			if letters[0] < first || letters[0] > last {
				return nil
			}
			return letters[:min(1+r.IntN(6), len(letters))]
		}
	}
	var kinds []typedKind
	for _, n := range []int{1, 2, 3, 6} {
		kinds = append(kinds, draw(fmt.Sprint("letters: ", n), func(letters []rune) []rune { return letters[:min(n, len(letters))] }))
	}
	return append(kinds,
		draw("a later word", func(letters []rune) []rune {
			if words := strings.Fields(string(letters)); len(words) > 2 {
				return []rune(words[1+r.IntN(len(words)-1)])
			}
			return nil
		}),
		draw("misspelled", func(letters []rune) []rune {
			words := strings.Fields(string(letters))
			word := []rune(words[r.IntN(len(words))])
			if len(word) < 6 {
				return nil
			}
			at := 2 + r.IntN(len(word)-3)
			word[at], word[at+1] = word[at+1], word[at]
			return word
		}),
		draw("Cyrillic", within('А', 'я')),
		draw("Chinese and Japanese", within('一', '鿿')),
		draw("no match", func([]rune) []rune { return []rune{'q', 'z', 'x' + rune(r.IntN(3)), 'k', 'v', 'a' + rune(r.IntN(26))} }),
	)
}
