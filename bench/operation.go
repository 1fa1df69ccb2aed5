package main

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/7p-education/api/edu"
)

//go:embed operations/*.graphql
var operationFiles embed.FS

// operation is a GraphQL operation of the benchmark.
type operation struct {
	name  string // of the GraphQL operation
	file  string
	title string // in the report
	field string // the root field
}

// operations are the read operations that clients send most.
var operations = []operation{
	{name: "Catalog", file: "catalog", title: "catalog", field: "courses"},
	{name: "CoursePage", file: "course-page", title: "course page", field: "course"},
	{name: "Search", file: "search", title: "search", field: "searchCourses"},
	{name: "MyDashboard", file: "dashboard", title: "dashboard", field: "viewer"},
	{name: "BrowseTree", file: "browse-tree", title: "browse tree", field: "categories"},
}

// request is one request of a client; the zero viewer is anonymous.
type request struct {
	operation operation
	variables map[string]any
	viewer    edu.Viewer
	page      int // of a list, from 0
}

// encodeBody returns the body that a GraphQL client sends, including the document.
func (r request) encodeBody() ([]byte, error) {
	document, err := operationFiles.ReadFile("operations/" + r.operation.file + ".graphql")
	if err != nil {
		return nil, fmt.Errorf("read the document of %s: %w", r.operation.name, err)
	}
	return json.Marshal(map[string]any{
		"query": string(document), "operationName": r.operation.name, "variables": r.variables,
	})
}
