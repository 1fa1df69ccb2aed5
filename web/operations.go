package web

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// exampleCollection is the examples of one task.
type exampleCollection struct {
	Title      string             `json:"title"`
	Operations []exampleOperation `json:"operations"`
}

// exampleOperation is an example that the playground opens in a tab.
type exampleOperation struct {
	Query string `json:"query"` // begins with a comment, the description
	// Variables is JSON text, as shown in the editor. A text in braces, such as "{course.id}", is a path in the
	// result of playground/lookup.graphql: ids of demo data depend on the day on which they were loaded.
	Variables string `json:"variables"`
}

// exampleNames are the examples by task, each with a .graphql file and its variables beside it. They run
// unchanged on the demo data, as the demo account of their task.
var exampleNames = []struct {
	title string
	names []string
}{
	{"Find a course", []string{"catalog", "search", "suggestions", "course-page", "browse-tree", "instructor"}},
	{"Learn, as a student", []string{"dashboard", "certificates", "wishlist", "enroll", "record-progress", "review-course"}},
	{"Teach, as an instructor", []string{"instructor-dashboard", "create-course"}},
	{"Run the platform, as an admin", []string{"platform-dashboard"}},
}

func loadCollections() []exampleCollection {
	var all []exampleCollection
	for _, c := range exampleNames {
		collection := exampleCollection{Title: c.title}
		for _, name := range c.names {
			collection.Operations = append(collection.Operations, exampleOperation{
				Query:     readText("operations/" + name + ".graphql"),
				Variables: readText("operations/" + name + ".json"),
			})
		}
		all = append(all, collection)
	}
	return all
}

// readText returns a file of the playground without the white space around it.
func readText(name string) string {
	return strings.TrimSpace(string(readEmbedded("playground/" + name)))
}

// sessionOperations are the operations by which the playground signs in and out.
type sessionOperations struct {
	SignIn  sentOperation `json:"signIn"`
	Refresh sentOperation `json:"refresh"`
	SignOut sentOperation `json:"signOut"`
	Viewer  sentOperation `json:"viewer"`
}

// sentOperation is an operation that the page sends by itself: by its text, or by its id.
type sentOperation struct {
	ID    string `json:"id"`
	Query string `json:"query"`
}

func loadSessionOperations() sessionOperations {
	return sessionOperations{
		SignIn:  loadSentOperation("session/sign-in.graphql"),
		Refresh: loadSentOperation("session/refresh.graphql"),
		SignOut: loadSentOperation("session/sign-out.graphql"),
		Viewer:  loadSentOperation("session/viewer.graphql"),
	}
}

func loadSentOperation(name string) sentOperation {
	text := string(readEmbedded("playground/" + name)) // as the file is pushed
	return sentOperation{ID: hashDocument(text), Query: text}
}

// hashDocument returns the id by which clients send the document of a text.
func hashDocument(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// SessionOperations returns the texts by which the playground signs in, shows the viewer, refreshes and signs
// out. Where only listed documents run, they have to be in the list.
func SessionOperations() []string {
	s := loadSessionOperations()
	return []string{s.SignIn.Query, s.Refresh.Query, s.SignOut.Query, s.Viewer.Query}
}
