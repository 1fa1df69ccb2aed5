package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// SectionsByID reads sections by id, in no particular order.
func SectionsByID(ids []int64, into func(*edu.Section)) Query {
	s := newStatement("SectionsByID").dependOnEach(ids, edu.TagSection)
	arg := s.bindArg(ids)
	s.addSections("IN (SELECT course_id FROM sections WHERE id = ANY ("+arg+"))").addSQL(" WHERE s.id = ANY (", arg, ")")
	// The rows also depend on the other sections and the videos of their courses.
	tags := new([]edu.Tag)
	s.scannedTags = tags
	return s.buildQuery(scanSection(func(row *edu.Section) {
		*tags = append(*tags, edu.TagCourseSections.WithID(row.CourseID), edu.TagCourseVideos.WithID(row.CourseID))
		into(row)
	}))
}

// SectionsByCourse reads all sections of each course, ordered by position.
func SectionsByCourse(ids []int64, into func(course int64, s *edu.Section)) Query {
	s := newStatement("SectionsByCourse").dependOnEach(ids, edu.TagCourseSections, edu.TagCourseVideos)
	s.addSections("= ANY (" + s.bindArg(ids) + ")").addSQL(" ORDER BY s.course_id, s.position")
	return s.buildQuery(scanSection(func(row *edu.Section) { into(row.CourseID, row) }))
}

// addSections appends the selection of the sections of courses, with the totals of their videos. A section ends
// where the next one begins.
func (s *statement) addSections(courses string) *statement {
	return s.addSQL(`SELECT s.id, s.course_id, s.title, s.position, s.first_position, s.next_position, v.count, v.seconds FROM (
		SELECT s.*, lead(s.first_position, 1, 2147483647) OVER (PARTITION BY s.course_id ORDER BY s.position) AS next_position
		FROM sections s WHERE s.course_id `, courses, `) s CROSS JOIN LATERAL (
		SELECT count(*), coalesce(sum(v.duration_seconds), 0) AS seconds FROM videos v
		WHERE v.course_id = s.course_id AND v.position >= s.first_position AND v.position < s.next_position) v`)
}

func scanSection(into func(*edu.Section)) func(pgx.Rows) error {
	var s edu.Section
	targets := []any{&s.ID, &s.CourseID, &s.Title, &s.Position, &s.FirstPosition, &s.NextPosition, &s.VideosCount, &s.DurationSeconds}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := s
		into(&row)
		return nil
	}
}
