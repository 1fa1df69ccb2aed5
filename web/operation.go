package web

import "strings"

// operation is an example that the playground opens in a tab.
type operation struct {
	Query     string `json:"query"`
	Variables string `json:"variables"` // JSON text, as the editor shows it
}

// operations are the examples, in the order of their tabs. Each is a .graphql file with its
// variables beside it, and runs as it is on the demo data.
func operations() []operation {
	text := func(file string) string {
		return strings.TrimSpace(string(read("playground/operations/" + file)))
	}
	var all []operation
	for _, name := range []string{"catalog", "course-page", "search", "dashboard", "browse-tree", "sign-in", "enroll", "record-progress"} {
		all = append(all, operation{
			Query:     text(name + ".graphql"),
			Variables: text(name + ".json"),
		})
	}
	return all
}
