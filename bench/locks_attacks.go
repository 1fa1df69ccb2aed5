package main

import (
	"fmt"
	"strings"

	"github.com/7p-education/api/edu"
)

// lockAttack is a load of keyed mutations on one course.
type lockAttack struct {
	title       string
	clients     int
	probed      bool                                         // whether the locks of the course are measured
	foreignLock func(*lockBenchmark) int64                   // course that another program locks meanwhile; nil for none
	outcome     string                                       // that responses must have: an error all of them, a success at least one
	newPost     func(*lockBenchmark, int) (edu.Viewer, post) // the n-th request
}

// deepCourse selects from a course down to the deepest level that the limits allow, in about as many
// round trips; most of its objects are in the widest lists that the cost of a keyed mutation leaves.
const deepCourse = `fragment deep on Course { description
	relatedCourses(first: %d) { title instructor { coursesTaught(first: 2) { nodes { title
		category { courses(first: 3) { nodes { title reviews(first: 4) { nodes { rating
			author { coursesTaught(first: 1) { nodes { title } } } } } } } } } } } } }`

// Widths of the list of related courses: the first cost nearly the limit of 1,000, the second exceeds it.
const (
	widthAllowed = 8
	widthBeyond  = 20
)

var lockAttacks = []lockAttack{
	{title: "none"},
	{title: fmt.Sprintf("none, another program locks the course for %d ms", controlHold.Milliseconds()), clients: 1, probed: true},
	{title: "reviewCourse, 16 levels", clients: 1, probed: true, outcome: outcomeSuccess, newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) { return l.newReview(n, widthAllowed) }},
	{title: "enroll, 16 levels", clients: 1, probed: true, outcome: outcomeSuccess, newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) {
		return l.asStranger(n), l.newCoursePost("enroll(input: {courseId: $id}) { enrollment { course { ...deep } } userErrors { code } }", widthAllowed)
	}},
	{title: "updateCourse, 16 levels", clients: 1, probed: true, outcome: outcomeSuccess, newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) {
		return l.asTeacher(), l.newCoursePost(updateField("f", n), widthAllowed)
	}},
	{title: "updateCourse ten times, the last with 16 levels", clients: 1, probed: true, outcome: outcomeSuccess, newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) {
		var fields strings.Builder
		for i := range 9 {
			fmt.Fprintf(&fields, "f%d: updateCourse(input: {id: $id, priceAmount: \"%d.00\"}) { userErrors { code } } ", i, 10+n+i)
		}
		return l.asTeacher(), l.newCoursePost(fields.String()+updateField("f9", n), widthAllowed-1)
	}},
	{
		title: "enroll in two courses, the second locked by another program", clients: 1, probed: true, outcome: "SERVICE_UNAVAILABLE",
		foreignLock: func(l *lockBenchmark) int64 { return l.second },
		newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) {
			second := fmt.Sprintf(" b: enroll(input: {courseId: %q}) { userErrors { code } }", edu.NewID(edu.KindCourse, l.second))
			return l.asStranger(n), l.newCoursePost("a: enroll(input: {courseId: $id}) { userErrors { code } }"+second, 0)
		},
	},
	{
		title: "reviewCourse, beyond the cost limit", clients: 1, probed: true, outcome: "COST_ESTIMATED_TOO_EXPENSIVE",
		newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) { return l.newReview(n, widthBeyond) },
	},
	{
		title: fmt.Sprintf("enroll by %d clients, the course locked by another program", blockedClients), clients: blockedClients, outcome: "SERVICE_UNAVAILABLE",
		foreignLock: func(l *lockBenchmark) int64 { return l.course },
		newPost: func(l *lockBenchmark, n int) (edu.Viewer, post) {
			return l.asStranger(n), l.newCoursePost("enroll(input: {courseId: $id}) { userErrors { code } }", 0)
		},
	},
}

const (
	storingStudent     = 0 // index of the account whose stored responses are measured
	maxStoringAttempts = 50
	// storedReviewBytes is the size of a review's text, and storedCopies how often a response has it: the
	// response has nearly the 256 KiB that may be stored.
	storedReviewChars = 5000
	storedCopies      = 12
)

// storingAttack reviews the course and selects the text of the review many times.
var storingAttack = lockAttack{newPost: func(l *lockBenchmark, _ int) (edu.Viewer, post) {
	var copies strings.Builder
	for i := range storedCopies {
		fmt.Fprintf(&copies, " t%d: body", i)
	}
	p := l.newCoursePost("reviewCourse(input: {courseId: $id, rating: 4, body: $body}) { review {"+copies.String()+" } userErrors { code } }", 0)
	p.document = strings.Replace(p.document, "($id: ID!)", "($id: ID!, $body: String!)", 1)
	p.variables["body"] = strings.Repeat("𝄞", storedReviewChars)
	return edu.Viewer{ID: l.students[storingStudent], Role: edu.RoleStudent}, p
}}

// newCoursePost returns a mutation of the course with the variable $id, and the deep fragment with a
// width unless that is 0.
func (l *lockBenchmark) newCoursePost(fields string, width int) post {
	p := post{document: "mutation($id: ID!) { " + fields + " }", variables: map[string]any{"id": edu.NewID(edu.KindCourse, l.course).String()}}
	if width > 0 {
		p.document += " " + fmt.Sprintf(deepCourse, width)
	}
	return p
}

func (l *lockBenchmark) newReview(n, width int) (edu.Viewer, post) {
	field := fmt.Sprintf("reviewCourse(input: {courseId: $id, rating: %d, body: \"Review %d\"}) { review { course { ...deep } } userErrors { code } }", 1+n%5, n)
	return edu.Viewer{ID: l.students[n%len(l.students)], Role: edu.RoleStudent}, l.newCoursePost(field, width)
}

func updateField(alias string, n int) string {
	return fmt.Sprintf("%s: updateCourse(input: {id: $id, priceAmount: \"%d.00\"}) { course { ...deep } userErrors { code } }", alias, 10+n)
}

func (l *lockBenchmark) asStranger(n int) edu.Viewer {
	return edu.Viewer{ID: l.strangers[n%len(l.strangers)], Role: edu.RoleStudent}
}

func (l *lockBenchmark) asTeacher() edu.Viewer {
	return edu.Viewer{ID: l.teacher, Role: edu.RoleInstructor}
}
