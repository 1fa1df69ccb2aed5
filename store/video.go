package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const videoColumns = "v.id, v.course_id, v.title, v.position, v.duration_seconds, v.is_preview, v.media"

// VideosByID reads videos by id, in no particular order.
func VideosByID(ids []int64, into func(*edu.Video)) Query {
	s := newStatement("VideosByID", "SELECT ", videoColumns, " FROM videos v WHERE v.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagVideo).buildQuery(scanVideo(into))
}

// VideosByCourse reads the same page of the videos of each course, ordered by position.
func VideosByCourse(ids []int64, p edu.PageArgs, into func(course int64, v *edu.Video)) Query {
	s := newStatement("VideosByCourse", "SELECT ", videoColumns, " FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM videos v WHERE v.course_id = parent.id`)
	s.addPageClause(edu.VideoOrder, "v.position", "v.id", p).addSQL(") v").dependOnEach(ids, edu.TagCourseVideos)
	return s.buildQuery(scanVideo(func(v *edu.Video) { into(v.CourseID, v) }))
}

func scanVideo(into func(*edu.Video)) func(pgx.Rows) error {
	var v edu.Video
	targets := []any{&v.ID, &v.CourseID, &v.Title, &v.Position, &v.DurationSeconds, &v.IsPreview, &v.Media}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := v
		into(&row)
		return nil
	}
}
