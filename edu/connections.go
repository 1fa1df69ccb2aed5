package edu

// Names of pages and edges as the GraphQL schema knows them.
type (
	// CourseConnection is a page of courses.
	CourseConnection = Page[*Course]
	// CourseEdge is a course in a page.
	CourseEdge = Edge[*Course]
	// VideoConnection is a page of videos.
	VideoConnection = Page[*Video]
	// VideoEdge is a video in a page.
	VideoEdge = Edge[*Video]
	// ReviewConnection is a page of reviews.
	ReviewConnection = Page[*Review]
	// ReviewEdge is a review in a page.
	ReviewEdge = Edge[*Review]
	// EnrollmentConnection is a page of enrollments.
	EnrollmentConnection = Page[*Enrollment]
	// EnrollmentEdge is an enrollment in a page.
	EnrollmentEdge = Edge[*Enrollment]
	// CourseSearchConnection is a page of courses that were searched for.
	CourseSearchConnection = SearchResult
	// CourseSearchEdge is a course that was found.
	CourseSearchEdge = CourseHit
)

// Node is anything that has a global id.
type Node interface{ IsNode() }
