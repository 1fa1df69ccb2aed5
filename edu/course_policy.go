package edu

// The policies of writes on a course. Each is asked within the transaction that
// writes, of the row that it has locked; nil stands for a course that is not
// there. What the viewer may not know of is as if it were not there.

const courseGone = "there is no such course"

// CheckEdit refuses whoever may not change the course.
func (c *Course) CheckEdit(v Viewer, at InputPath) error {
	switch {
	case c == nil || !c.Visible(v):
		return at.Refuse(UserNotFound, "%s", courseGone)
	case !v.Teaches(c):
		return at.Refuse(UserForbidden, "a course is changed by its instructor and by admins")
	}
	return nil
}

// CheckEnroll refuses a viewer who may not take the course, or takes it already.
func (c *Course) CheckEnroll(v Viewer, taken bool, at InputPath) error {
	switch {
	case taken:
		return at.Refuse(UserAlreadyExists, "the viewer takes this course already")
	case c == nil || !c.Visible(v):
		return at.Refuse(UserNotFound, "%s", courseGone)
	case !c.Published:
		return at.Refuse(UserNotPublished, "the course is not published: publishCourse comes first")
	}
	return nil
}

// CheckBulkEnroll refuses whoever may not let others take the course.
func (c *Course) CheckBulkEnroll(v Viewer, at InputPath) error {
	if err := c.CheckEdit(v, at); err != nil {
		return err
	}
	if !c.Published {
		return at.Refuse(UserNotPublished, "the course is not published: publishCourse comes first")
	}
	return nil
}

// CheckUnenroll refuses a viewer who does not take the course.
func (c *Course) CheckUnenroll(v Viewer, taken bool, at InputPath) error {
	switch {
	case taken:
		return nil
	case c == nil || !c.Visible(v):
		return at.Refuse(UserNotFound, "%s", courseGone)
	}
	return at.Refuse(UserNotEnrolled, "the viewer does not take this course")
}

// CheckReview refuses a viewer who may not review the course.
func (c *Course) CheckReview(v Viewer, taken bool, at InputPath) error {
	if err := c.CheckUnenroll(v, taken, at); err != nil {
		return err
	}
	if !c.Published {
		return at.Refuse(UserNotPublished, "the course is not published any more")
	}
	return nil
}
