package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// All writes of sections, and of the positions of videos, first lock the course.

// AddSection adds a section without videos to a course, at a position, or after all others if position is nil.
// Sections from that position on move by one. It returns the id of the section. The parameter at is the path to
// the section.
func (s *Store) AddSection(ctx context.Context, v edu.Viewer, section edu.Section, position *int, at edu.InputPath) (id int64, err error) {
	course := section.CourseID
	err = s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		var videos edu.VideoTotals
		var sections []*edu.Section
		if err := tx.RunQueries(ctx, lockCourse(course, &c), videoTotals(course, &videos), sectionsOfCourse(course, &sections)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at.Subpath("courseId")); err != nil {
			return err
		}
		place, first, err := videos.PlaceSection(sections, position, at)
		if err != nil {
			return err
		}
		insert := newStatement("InsertSection", "INSERT INTO sections (course_id, title, position, first_position) VALUES (")
		insert.addSQL(insert.bindArg(course), ", ", insert.bindArg(section.Title), ", ", insert.bindArg(place), ", ", insert.bindArg(first), ") RETURNING id")
		return tx.Commit(ctx, moveSections(course, place, 1), insert.buildQuery(scanInt64(&id)), touchCourse(course))
	})
	return id, err
}

// UpdateSection changes the title of a section, unless it is nil. The parameter at is the path to the section.
func (s *Store) UpdateSection(ctx context.Context, v edu.Viewer, id int64, title *string, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		section, err := lockEditedSection(ctx, tx, v, id, at)
		if err != nil || title == nil {
			return err
		}
		q := newStatement("UpdateSection", "UPDATE sections SET title = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(*title), " WHERE id = ", q.bindArg(id)).buildQuery(nil), touchCourse(section.CourseID))
	})
}

// DeleteSection deletes a section, whose videos join the section before it, and moves the sections after it back
// by one. It returns the id of the course. The parameter at is the path to the section.
func (s *Store) DeleteSection(ctx context.Context, v edu.Viewer, id int64, at edu.InputPath) (course int64, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		section, err := lockEditedSection(ctx, tx, v, id, at)
		if err != nil {
			return err
		}
		course = section.CourseID
		q := newStatement("DeleteSection", "DELETE FROM sections WHERE id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(id)).buildQuery(nil), moveSections(course, section.Position, -1), touchCourse(course))
	})
	return course, err
}

// ReorderSections sets the order of a course's sections, which must be all of them, and moves their videos with
// them. The parameter at is the path to the input.
func (s *Store) ReorderSections(ctx context.Context, v edu.Viewer, course int64, order []int64, at edu.InputPath) error {
	return s.changeOutline(ctx, v, course, at, func(o *edu.Outline) error { return o.ReorderSections(order, at.Subpath("sectionIds")) })
}

// changeOutline changes the order of the sections and videos of a course. The parameter at is the path to the input.
func (s *Store) changeOutline(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath, change func(*edu.Outline) error) error {
	return s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		outline, err := lockOutline(ctx, tx, course, lockCourse(course, &c))
		if err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at.Subpath("courseId")); err != nil {
			return err
		}
		if err := change(outline); err != nil {
			return err
		}
		return tx.Commit(ctx, append(writeOutline(outline), touchCourse(course))...)
	})
}

// lockOutline locks the videos of a course and reads its outline, after other queries, of which one locks the course.
func lockOutline(ctx context.Context, tx *Tx, course int64, before ...Query) (*edu.Outline, error) {
	var sections []*edu.Section
	var videos []*edu.Video
	lock := lockVideosOfCourse(course, func(v *edu.Video) { videos = append(videos, v) })
	if err := tx.RunQueries(ctx, append(before, lock, sectionsOfCourse(course, &sections))...); err != nil {
		return nil, err
	}
	return edu.NewOutline(sections, videos), nil
}

// writeOutline writes the positions of the videos and sections of a course that change.
func writeOutline(o *edu.Outline) []Query {
	videos := newStatement("WriteVideoPositions", "UPDATE videos v SET position = t.position FROM unnest(")
	videos.addSQL(videos.bindArg(o.VideoIDs()), "::bigint[]) WITH ORDINALITY AS t (id, position) WHERE v.id = t.id AND v.position <> t.position")
	if len(o.Sections) == 0 {
		return []Query{videos.buildQuery(nil)}
	}
	sections := newStatement("WriteSectionPositions", "UPDATE sections s SET position = t.position, first_position = t.first FROM unnest(")
	sections.addSQL(sections.bindArg(o.Sections), "::bigint[], ", sections.bindArg(o.FirstPositions()), `::integer[]) WITH ORDINALITY AS t (id, first, position)
		WHERE s.id = t.id AND (s.position, s.first_position) <> (t.position, t.first)`)
	return []Query{videos.buildQuery(nil), sections.buildQuery(nil)}
}

// moveSections moves the sections from a position on by some positions.
func moveSections(course int64, from, by int) Query {
	s := newStatement("MoveSections", "UPDATE sections SET position = position + ")
	return s.addSQL(s.bindArg(by), " WHERE course_id = ", s.bindArg(course), " AND position >= ", s.bindArg(from)).buildQuery(nil)
}

// moveFirstVideos moves the first videos of some sections by some positions. The column, position or
// first_position, is greater in these sections than after.
func moveFirstVideos(course int64, column string, after, by int) Query {
	s := newStatement("MoveFirstVideos", "UPDATE sections SET first_position = first_position + ")
	return s.addSQL(s.bindArg(by), " WHERE course_id = ", s.bindArg(course), " AND ", column, " > ", s.bindArg(after)).buildQuery(nil)
}

// sectionsOfCourse reads the sections of a course, in their order.
func sectionsOfCourse(course int64, into *[]*edu.Section) Query {
	*into = nil
	return SectionsByCourse([]int64{course}, func(_ int64, s *edu.Section) { *into = append(*into, s) })
}

// lockEditedSection locks the course of a section and reads the section, which the viewer is allowed to change.
func lockEditedSection(ctx context.Context, tx *Tx, v edu.Viewer, id int64, at edu.InputPath) (section *edu.Section, err error) {
	var c *edu.Course
	lock := selectCourses("LockCourseOfSection", 0)
	lock.addSQL(" FROM courses c WHERE c.id = (SELECT course_id FROM sections WHERE id = ", lock.bindArg(id), ") FOR NO KEY UPDATE")
	err = tx.RunQueries(ctx, lock.buildQuery(scanCourse(0, assignTo(&c))), SectionsByID([]int64{id}, assignTo(&section)))
	if err != nil {
		return nil, err
	}
	return section, section.AuthorizeEdit(c, v, at.Subpath("id"))
}
