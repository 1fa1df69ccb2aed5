package edu

// SuggestionKind is what a suggestion names.
type SuggestionKind string

// The kinds of suggestions.
const (
	SuggestCourse     SuggestionKind = "COURSE"
	SuggestCategory   SuggestionKind = "CATEGORY"
	SuggestTag        SuggestionKind = "TAG"
	SuggestInstructor SuggestionKind = "INSTRUCTOR"
)

// Suggestion is a text that completes what was typed, and the object that it names. Objects are set
// on request only.
type Suggestion struct {
	Text       string
	Kind       SuggestionKind
	Highlight  string // HTML, with the matched words between <mark> and </mark>
	Course     *Course
	Category   *Category
	Instructor *User
}
