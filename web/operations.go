package web

import "strings"

// exampleOperation is an example that the playground opens in a tab.
type exampleOperation struct {
	Query     string `json:"query"`
	Variables string `json:"variables"` // JSON text, as shown in the editor
}

// loadOperations returns the examples in the order of their tabs. Each is a .graphql file with its
// variables beside it, and runs unchanged on the demo data.
func loadOperations() []exampleOperation {
	text := func(file string) string {
		return strings.TrimSpace(string(readEmbedded("playground/operations/" + file)))
	}
	var all []exampleOperation
	for _, name := range []string{"catalog", "course-page", "search", "dashboard", "browse-tree", "sign-in", "enroll", "record-progress"} {
		all = append(all, exampleOperation{
			Query:     text(name + ".graphql"),
			Variables: text(name + ".json"),
		})
	}
	return all
}
