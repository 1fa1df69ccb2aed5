package main

import (
	_ "embed" // the judged queries
	"fmt"
	"regexp"
	"strings"

	"github.com/7p-education/api/bench/catalogue"
)

//go:embed judged.txt
var judgedText string

// judgedQuery is a query of a kind, with the courses that are right.
type judgedQuery struct {
	kind, text string
	right      map[string]bool // by slug
}

// readJudged returns the judged queries. Each has a right course.
func readJudged(courses []catalogue.Course) ([]judgedQuery, error) {
	var list []judgedQuery
	var missing []string
	for line := range strings.Lines(judgedText) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("judged.txt: %q has %d fields instead of 3", line, len(fields))
		}
		q := judgedQuery{kind: fields[0], text: fields[1], right: map[string]bool{}}
		pattern, err := regexp.Compile(strings.TrimPrefix(fields[2], "@"))
		if err != nil {
			return nil, fmt.Errorf("judged.txt: %w", err)
		}
		for _, c := range courses {
			subject := c.Title
			if strings.HasPrefix(fields[2], "@") {
				subject = c.Instructor
			}
			if pattern.MatchString(subject) {
				q.right[c.Slug] = true
			}
		}
		if len(q.right) == 0 {
			missing = append(missing, q.text)
		}
		list = append(list, q)
	}
	if missing != nil {
		return nil, fmt.Errorf("judged.txt: no course is right for %q", missing)
	}
	return list, nil
}
