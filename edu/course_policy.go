package edu

// The policies of writes on a course. Each is asked within the transaction that
// writes, of the row that it has locked; nil stands for a course that is not
// there. What the viewer may not know of is as if it were not there.

const courseNotFound = "there is no such course"

// AuthorizeEdit refuses whoever may not change the course.
func (c *Course) AuthorizeEdit(v Viewer, at InputPath) error {
	switch {
	case c == nil || !c.VisibleTo(v):
		return at.UserErrorf(UserNotFound, "%s", courseNotFound)
	case !v.CanManageCourse(c):
		return at.UserErrorf(UserForbidden, "a course is changed by its instructor and by admins")
	}
	return nil
}

// AuthorizeEnroll refuses a viewer who may not take the course, or takes it already.
func (c *Course) AuthorizeEnroll(v Viewer, enrolled bool, at InputPath) error {
	switch {
	case enrolled:
		return at.UserErrorf(UserAlreadyExists, "the viewer takes this course already")
	case c == nil || !c.VisibleTo(v):
		return at.UserErrorf(UserNotFound, "%s", courseNotFound)
	case !c.Published:
		return at.UserErrorf(UserNotPublished, "the course is not published: publishCourse comes first")
	}
	return nil
}

// AuthorizeBulkEnroll refuses whoever may not let others take the course.
func (c *Course) AuthorizeBulkEnroll(v Viewer, at InputPath) error {
	if err := c.AuthorizeEdit(v, at); err != nil {
		return err
	}
	if !c.Published {
		return at.UserErrorf(UserNotPublished, "the course is not published: publishCourse comes first")
	}
	return nil
}

// AuthorizeUnenroll refuses a viewer who does not take the course.
func (c *Course) AuthorizeUnenroll(v Viewer, enrolled bool, at InputPath) error {
	switch {
	case enrolled:
		return nil
	case c == nil || !c.VisibleTo(v):
		return at.UserErrorf(UserNotFound, "%s", courseNotFound)
	}
	return at.UserErrorf(UserNotEnrolled, "the viewer does not take this course")
}

// AuthorizeReview refuses a viewer who may not review the course.
func (c *Course) AuthorizeReview(v Viewer, enrolled bool, at InputPath) error {
	if err := c.AuthorizeUnenroll(v, enrolled, at); err != nil {
		return err
	}
	if !c.Published {
		return at.UserErrorf(UserNotPublished, "the course is not published any more")
	}
	return nil
}
