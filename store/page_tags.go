package store

import "github.com/7p-education/api/edu"

// A page of a list changes when a course comes to it or leaves it, past one of its
// ends: a cursor, or the last row that was read. In the orders by rating and by
// enrollments, a course that passes a place tells of the part that the place is in.
// Those that were within are rows, which have tags of their own; where the list
// itself ends, there is nothing beyond that could come.

// dependOnCourseList tells that a statement depends on which courses are published, and on what
// passes the cursors of a page in an order.
func (s *statement) dependOnCourseList(by edu.CourseOrderField, o edu.SortOrder, p edu.PageArgs) *statement {
	s.dependOn(edu.TagCourses)
	if by == edu.CoursesByTitle {
		s.dependOn(edu.TagCoursesTitles)
	}
	after, before := p.CursorBounds(o)
	for _, at := range [...]edu.Cursor{after, before} {
		if tag, ok := partTag(by, at.Value); ok && at.Order != "" {
			s.dependOnID(tag.ID, tag.Kind)
		}
	}
	return s
}

// dependOnPageEnds tells that a statement depends on what passes the last row of a page in an
// order, where it has as many as were asked for. The rows of a page come together
// under one key. It returns what is to be called with each row.
func (s *statement) dependOnPageEnds(by edu.CourseOrderField, rows int, page func(*edu.Course) int64, into func(*edu.Course)) func(*edu.Course) {
	if _, ok := partTag(by, edu.SortValue{}); !ok {
		return into
	}
	s.scannedTags = new([]edu.Tag)
	read := map[int64]int{}
	return func(c *edu.Course) {
		key := page(c)
		if read[key]++; read[key] >= rows {
			tag, _ := partTag(by, edu.CourseOrder{Field: by}.CourseCursor(c).Value)
			*s.scannedTags = append(*s.scannedTags, tag)
		}
		into(c)
	}
}

// singlePageKey is the key of all rows, where there is one page of them.
func singlePageKey(*edu.Course) int64 { return 0 }

// categoryPageKey is the key of rows that are a page a category.
func categoryPageKey(c *edu.Course) int64 { return c.CategoryID }

// partTag returns the tag of the part of an order that a value is in, and whether the
// order is cut into parts.
func partTag(by edu.CourseOrderField, v edu.SortValue) (edu.Tag, bool) {
	switch by {
	case edu.CoursesByRating:
		return edu.TagCoursesRatingPart.WithID(edu.RatingPart(v.Float)), true
	case edu.CoursesByEnrollments:
		return edu.TagCoursesEnrollmentPart.WithID(edu.EnrollmentPart(v.Int)), true
	default:
		return edu.Tag{}, false
	}
}
