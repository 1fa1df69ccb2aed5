package edu

// The names that pages and edges have in the GraphQL schema.
type (
	// CourseConnection is a page of courses.
	CourseConnection = Page[*Course]
	// CourseEdge is a course with its cursor.
	CourseEdge = Edge[*Course]
	// VideoConnection is a page of videos.
	VideoConnection = Page[*Video]
	// VideoEdge is a video with its cursor.
	VideoEdge = Edge[*Video]
	// ReviewConnection is a page of reviews.
	ReviewConnection = Page[*Review]
	// ReviewEdge is a review with its cursor.
	ReviewEdge = Edge[*Review]
	// EnrollmentConnection is a page of enrollments.
	EnrollmentConnection = Page[*Enrollment]
	// EnrollmentEdge is an enrollment with its cursor.
	EnrollmentEdge = Edge[*Enrollment]
	// WishlistConnection is a page of a wishlist.
	WishlistConnection = Page[*WishlistItem]
	// WishlistEdge is an item of a wishlist with its cursor.
	WishlistEdge = Edge[*WishlistItem]
	// CertificateConnection is a page of certificates.
	CertificateConnection = Page[*Certificate]
	// CertificateEdge is a certificate with its cursor.
	CertificateEdge = Edge[*Certificate]
	// CourseSearchConnection is a page of search results.
	CourseSearchConnection = SearchResult
	// CourseSearchEdge is a search result with its cursor.
	CourseSearchEdge = CourseHit
)
