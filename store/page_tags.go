package store

import "github.com/7p-education/api/edu"

// A page of a list changes when a course enters or leaves it past one of its ends: a cursor, or the
// last row that was read. In the orders by rating and by enrollments, a course that moves past a
// position changes the tag of the part that contains the position. Rows within the page have tags
// of their own. At the end of the list itself there is nothing beyond that could enter the page.

// dependOnCourseList adds the dependency on the set of published courses, and on courses that move
// past the cursors of a page in an order.
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

// dependOnPageEnds adds the dependency on courses that move past the last row of a page in an
// order, if the page has as many rows as requested. page returns the key of the page of a row. The
// result must be called with each row.
func (s *statement) dependOnPageEnds(by edu.CourseOrderField, rows int, page func(*edu.Course) int64, into func(*edu.Course)) func(*edu.Course) {
	if _, ok := partTag(by, edu.SortValue{}); !ok {
		return into
	}
	s.scannedTags = new([]edu.Tag)
	rowCounts := map[int64]int{}
	return func(c *edu.Course) {
		key := page(c)
		if rowCounts[key]++; rowCounts[key] >= rows {
			tag, _ := partTag(by, edu.CourseOrder{Field: by}.CourseCursor(c).Value)
			*s.scannedTags = append(*s.scannedTags, tag)
		}
		into(c)
	}
}

// singlePageKey is the page key of all rows of a query for a single page.
func singlePageKey(*edu.Course) int64 { return 0 }

// categoryPageKey is the page key of rows of a query for one page per category.
func categoryPageKey(c *edu.Course) int64 { return c.CategoryID }

// partTag returns the tag of the part of an order that contains a value, and whether the order is
// divided into parts.
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
