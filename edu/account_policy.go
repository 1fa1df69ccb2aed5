package edu

// AuthorizeAccountDeletion rejects the deletion of an account that teaches published courses: a course must not
// vanish from the catalog by accident.
func AuthorizeAccountDeletion(publishedCourses int, at InputPath) error {
	if publishedCourses == 0 {
		return nil
	}
	return at.Reject(UserInvalid, "the account teaches {count} published courses: unpublish each with unpublishCourse first; students who are enrolled keep their progress", publishedCourses)
}
