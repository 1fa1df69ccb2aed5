package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/7p-education/api/bench/catalogue"
)

// client sends searches to a server.
type client struct{ url string }

const searchText = `query($q: String!) { searchCourses(query: $q, first: 100) { didYouMean nodes { slug title } } }`

// search returns the slugs of the first 100 courses. Where a query finds nothing, it follows the
// correction, as a page does.
func (c client) search(ctx context.Context, text string) ([]string, error) {
	slugs, correction, err := c.send(ctx, text)
	if err == nil && len(slugs) == 0 && correction != "" {
		slugs, _, err = c.send(ctx, correction)
	}
	return slugs, err
}

func (c client) send(ctx context.Context, text string) (slugs []string, correction string, err error) {
	body, err := json.Marshal(map[string]any{"query": searchText, "variables": map[string]any{"q": text}})
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	var a struct {
		Data struct {
			SearchCourses struct {
				DidYouMean string
				Nodes      []struct{ Slug string }
			}
		}
		Errors []any
	}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return nil, "", fmt.Errorf("search for %q: %w", text, err)
	}
	if a.Errors != nil {
		return nil, "", fmt.Errorf("search for %q: %v", text, a.Errors)
	}
	for _, n := range a.Data.SearchCourses.Nodes {
		slugs = append(slugs, n.Slug)
	}
	return slugs, a.Data.SearchCourses.DidYouMean, nil
}

// figures are the sums of one kind of queries.
type figures struct {
	queries, first, five, none int
	recall                     float64
}

func (f *figures) add(q judgedQuery, found []string) (hit bool) {
	f.queries++
	right := 0
	for i, slug := range found {
		if !q.right[slug] {
			continue
		}
		right++
		if i == 0 {
			f.first++
		}
		if i < 5 && !hit {
			hit = true
			f.five++
		}
	}
	f.recall += float64(right) / float64(min(len(q.right), 100))
	if len(found) == 0 {
		f.none++
	}
	return hit
}

func (f figures) row(name string) string {
	n := float64(f.queries)
	return fmt.Sprintf("| %s | %d | %.2f | %.2f | %.2f | %.2f |\n", name, f.queries, float64(f.first)/n, float64(f.five)/n, f.recall/n, float64(f.none)/n)
}

// reporter measures the searches of a server on a catalogue.
type reporter struct {
	client
	out     io.Writer
	courses []catalogue.Course
	verbose bool
}

// reportQueries sends all queries and writes a table by kind, and the share of the prefixes that find
// their title.
func (p reporter) reportQueries(ctx context.Context, judged []judgedQuery) error {
	kinds, all := map[string]*figures{}, &figures{}
	var order []string
	for _, q := range judged {
		found, err := p.search(ctx, q.text)
		if err != nil {
			return err
		}
		if kinds[q.kind] == nil {
			kinds[q.kind], order = &figures{}, append(order, q.kind)
		}
		kinds[q.kind].add(q, found)
		if !all.add(q, found) && p.verbose {
			fmt.Fprintf(p.out, "%s %q: %d found, first %v, right %d\n", q.kind, q.text, len(found), titlesOf(p.courses, found[:min(3, len(found))]), len(q.right))
		}
	}
	typed, shown, err := p.measureTyping(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(p.out, "| kind | queries | success@1 | success@5 | recall | no result |\n|---|--:|--:|--:|--:|--:|\n")
	for _, kind := range order {
		fmt.Fprint(p.out, kinds[kind].row(kind))
	}
	fmt.Fprint(p.out, all.row("**all**"))
	fmt.Fprintf(p.out, "\nWhile typing: %d of %d prefixes (%.1f %%) show the course among the first ten.\n", shown, typed, 100*float64(shown)/float64(typed))
	return nil
}

func titlesOf(courses []catalogue.Course, slugs []string) (titles []string) {
	for _, slug := range slugs {
		for _, c := range courses {
			if c.Slug == slug {
				titles = append(titles, c.Title)
			}
		}
	}
	return titles
}

// measureTyping types every eleventh title from 60 % of its length on, letter by letter, and counts the
// prefixes of three letters or more that show a course of that title among the first ten.
func (p reporter) measureTyping(ctx context.Context) (typed, shown int, err error) {
	for i := 0; i < len(p.courses); i += 11 {
		title := p.courses[i].Title
		letters := []rune(title)
		for n := max(3, utf8.RuneCountInString(title)*6/10); n <= len(letters); n++ {
			found, _, err := p.send(ctx, string(letters[:n]))
			if err != nil {
				return 0, 0, err
			}
			typed++
			if showsTitle(p.courses, found[:min(10, len(found))], title) {
				shown++
			} else if p.verbose {
				fmt.Fprintf(p.out, "typing %q: %d found\n", string(letters[:n]), len(found))
			}
		}
	}
	return typed, shown, nil
}

func showsTitle(courses []catalogue.Course, slugs []string, title string) bool {
	for _, t := range titlesOf(courses, slugs) {
		if t == title {
			return true
		}
	}
	return false
}
