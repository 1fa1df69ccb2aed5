package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// AddVideo adds a video to a course, at a position or, for nil, after all others;
// those from there on move one up. At is the path to the video.
func (s *Store) AddVideo(ctx context.Context, v edu.Viewer, video edu.Video, position *int, at edu.InputPath) (*edu.Video, error) {
	var made *edu.Video
	err := s.Write(ctx, func(tx *Tx) error {
		var c *edu.Course
		var videos edu.VideoTotals
		if err := tx.Run(ctx, lockCourse(video.CourseID, &c), videoTotals(video.CourseID, &videos)); err != nil {
			return err
		}
		if err := c.CheckEdit(v, at.At("courseId")); err != nil {
			return err
		}
		if err := videos.CheckAdd(position, at); err != nil {
			return err
		}
		video.Position = videos.Last + 1
		if position != nil {
			video.Position = *position
		}
		return tx.Commit(ctx, moveVideos(video.CourseID, video.Position), insertVideo(video, keep(&made)), lengthenCourse(video.CourseID))
	})
	return made, err
}

// videoTotals reads the videos of a course together.
func videoTotals(course int64, into *edu.VideoTotals) Query {
	s := sql("VideoTotals", "SELECT count(*), coalesce(max(v.position), 0), coalesce(sum(v.duration_seconds), 0) FROM videos v WHERE v.course_id = ")
	return s.add(s.arg(course)).into(func(rows pgx.Rows) error { return rows.Scan(&into.Count, &into.Last, &into.Seconds) })
}

// moveVideos makes room at a position, one video after the other as lockVideos
// locks them. That positions are unique is looked at once the statement is through:
// the constraint is deferrable.
func moveVideos(course int64, from int) Query {
	s := sql("MoveVideos", "UPDATE videos v SET position = v.position + 1 FROM (SELECT id FROM videos WHERE course_id = ")
	return s.add(s.arg(course), " AND position >= ", s.arg(from), " ORDER BY id FOR UPDATE) moved WHERE v.id = moved.id").into(nil)
}

func insertVideo(video edu.Video, into func(*edu.Video)) Query {
	s := sql("InsertVideo", "INSERT INTO videos AS v (course_id, title, position, duration_seconds) VALUES (")
	s.add(s.arg(video.CourseID), ", ", s.arg(video.Title), ", ", s.arg(video.Position), ", ", s.arg(video.DurationSeconds))
	return s.add(") RETURNING ", videoColumns).into(scanVideo(into))
}

// lengthenCourse makes a course as long as its videos, if it is shorter.
func lengthenCourse(course int64) Query {
	s := sql("LengthenCourse", "UPDATE courses c SET updated_at = now(), duration_seconds = greatest(c.duration_seconds, v.seconds) FROM (")
	id := s.arg(course)
	return s.add("SELECT sum(duration_seconds) AS seconds FROM videos WHERE course_id = ", id, ") v WHERE c.id = ", id).into(nil)
}
