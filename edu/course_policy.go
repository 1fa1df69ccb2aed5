package edu

// Policies of writes to a course. Each runs inside the writing transaction, on the locked row. The
// fields viewerCan… call them too, for clients. A nil course stands for a missing row. A course that
// the viewer may not see is reported as not found.

const courseNotFound = "course not found"

// AuthorizeEdit rejects viewers who may not change the course.
func (c *Course) AuthorizeEdit(v Principal, at InputPath) error {
	switch {
	case c == nil || !c.VisibleTo(v):
		return at.Reject(UserNotFound, courseNotFound)
	case !v.CanManageCourse(c):
		return at.Reject(UserForbidden, "only the instructor of the course and admins can change it")
	}
	return nil
}

// AuthorizeDelete rejects viewers who may not delete the course, and courses that were taken.
func (c *Course) AuthorizeDelete(v Principal, taken bool, at InputPath) error {
	if err := c.AuthorizeEdit(v, at); err != nil {
		return err
	}
	if taken {
		return at.Reject(UserInvalid, "the course was taken, so the records of its students stay: archive it with unpublishCourse")
	}
	return nil
}

// AuthorizeEdit rejects viewers who may not change the video. Either is nil if it is missing.
func (v *Video) AuthorizeEdit(c *Course, viewer Principal, at InputPath) error {
	if v == nil || c == nil || !c.VisibleTo(viewer) {
		return at.Reject(UserNotFound, "video not found")
	}
	return c.AuthorizeEdit(viewer, at)
}

const sectionNotFound = "section not found"

// AuthorizeEdit rejects viewers who may not change the section. Either is nil if it is missing.
func (s *Section) AuthorizeEdit(c *Course, viewer Principal, at InputPath) error {
	if s == nil || c == nil || !c.VisibleTo(viewer) {
		return at.Reject(UserNotFound, sectionNotFound)
	}
	return c.AuthorizeEdit(viewer, at)
}

// AuthorizeEnroll rejects viewers who may not enroll in the course or already are enrolled. A viewer who passes
// may also add the course to the wishlist.
func (c *Course) AuthorizeEnroll(v Principal, enrolled bool, at InputPath) error {
	switch {
	case enrolled:
		return at.Reject(UserAlreadyExists, "the viewer is already enrolled in this course")
	case c == nil || !c.VisibleTo(v):
		return at.Reject(UserNotFound, courseNotFound)
	case !c.Published:
		return at.Reject(UserNotPublished, "the course is not published: publish it with publishCourse first")
	}
	return nil
}

// AuthorizeBulkEnroll rejects viewers who may not enroll others in the course.
func (c *Course) AuthorizeBulkEnroll(v Principal, at InputPath) error {
	if err := c.AuthorizeEdit(v, at); err != nil {
		return err
	}
	if !c.Published {
		return at.Reject(UserNotPublished, "the course is not published: publish it with publishCourse first")
	}
	return nil
}

// AuthorizeUnenroll rejects viewers who are not enrolled in the course.
func (c *Course) AuthorizeUnenroll(v Principal, enrolled bool, at InputPath) error {
	switch {
	case enrolled:
		return nil
	case c == nil || !c.VisibleTo(v):
		return at.Reject(UserNotFound, courseNotFound)
	}
	return at.Reject(UserNotEnrolled, "the viewer is not enrolled in this course")
}

// AuthorizeWishlistRemoval rejects courses that the viewer may not see, unless they are on the viewer's wishlist.
func (c *Course) AuthorizeWishlistRemoval(v Principal, wishlisted bool, at InputPath) error {
	if !wishlisted && (c == nil || !c.VisibleTo(v)) {
		return at.Reject(UserNotFound, courseNotFound)
	}
	return nil
}

// AuthorizeReview rejects viewers who may not review the course. Its instructor may not, enrolled or
// not.
func (c *Course) AuthorizeReview(v Principal, enrolled bool, at InputPath) error {
	if c != nil && v.SignedIn() && c.InstructorID == v.UserID() {
		return at.Reject(UserForbidden, "the instructor of a course cannot review it")
	}
	if err := c.AuthorizeUnenroll(v, enrolled, at); err != nil {
		return err
	}
	if !c.Published {
		return at.Reject(UserNotPublished, "the course is no longer published")
	}
	return nil
}

const reviewNotFound = "review not found"

// AuthorizeDelete rejects viewers who may not delete the review. Its author may, also after the course was
// unpublished. Either is nil if it is missing.
func (r *Review) AuthorizeDelete(c *Course, v Principal, at InputPath) error {
	switch {
	case r == nil || c == nil || !c.VisibleTo(v) && !v.CanAccessUser(r.AuthorID):
		return at.Reject(UserNotFound, reviewNotFound)
	case !v.CanAccessUser(r.AuthorID):
		return at.Reject(UserForbidden, "only the author of the review and admins can delete it")
	}
	return nil
}

// AuthorizeReply rejects viewers who may not reply to the review. Either is nil if it is missing.
func (r *Review) AuthorizeReply(c *Course, v Principal, at InputPath) error {
	switch {
	case r == nil || c == nil || !c.VisibleTo(v):
		return at.Reject(UserNotFound, reviewNotFound)
	case !v.CanManageCourse(c):
		return at.Reject(UserForbidden, "only the instructor of the course and admins can reply to its reviews")
	}
	return nil
}
