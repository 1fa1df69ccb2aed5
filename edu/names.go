package edu

// Names of pages and edges as the GraphQL schema knows them.
type (
	CourseConnection     = Page[*Course]
	CourseEdge           = Edge[*Course]
	VideoConnection      = Page[*Video]
	VideoEdge            = Edge[*Video]
	ReviewConnection     = Page[*Review]
	ReviewEdge           = Edge[*Review]
	EnrollmentConnection = Page[*Enrollment]
	EnrollmentEdge       = Edge[*Enrollment]

	CourseSearchConnection = SearchResult
	CourseSearchEdge       = CourseHit
)

// Node is anything that has a global id.
type Node interface{ IsNode() }
