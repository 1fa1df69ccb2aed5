package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// AddVideo adds a video to a course, at a position, or after all others if position is nil. Videos
// from that position on move by one. The parameter at is the path to the video.
func (s *Store) AddVideo(ctx context.Context, v edu.Viewer, video edu.Video, position *int, at edu.InputPath) (*edu.Video, error) {
	var added *edu.Video
	err := s.writeRow(ctx, courseRow(video.CourseID), func(tx *Tx) error {
		var c *edu.Course
		var videos edu.VideoTotals
		if err := tx.RunQueries(ctx, lockCourse(video.CourseID, &c), videoTotals(video.CourseID, &videos)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at.Subpath("courseId")); err != nil {
			return err
		}
		if err := videos.ValidateNewVideo(position, at); err != nil {
			return err
		}
		video.Position = videos.LastPosition + 1
		if position != nil {
			video.Position = *position
		}
		return tx.Commit(ctx, moveVideos(video.CourseID, video.Position), insertVideo(video, assignTo(&added)), lengthenCourse(video.CourseID))
	})
	return added, err
}

// videoTotals reads the totals of the videos of a course.
func videoTotals(course int64, into *edu.VideoTotals) Query {
	s := newStatement("VideoTotals", "SELECT count(*), coalesce(max(v.position), 0), coalesce(sum(v.duration_seconds), 0) FROM videos v WHERE v.course_id = ")
	return s.addSQL(s.bindArg(course)).buildQuery(func(rows pgx.Rows) error { return rows.Scan(&into.Count, &into.LastPosition, &into.TotalSeconds) })
}

// moveVideos moves the videos from a position on by one. It locks them in the order of lockVideos.
// Positions may collide within the statement, because their unique constraint is deferrable.
func moveVideos(course int64, from int) Query {
	s := newStatement("MoveVideos", "UPDATE videos v SET position = v.position + 1 FROM (SELECT id FROM videos WHERE course_id = ")
	return s.addSQL(s.bindArg(course), " AND position >= ", s.bindArg(from), " ORDER BY id FOR UPDATE) moved WHERE v.id = moved.id").buildQuery(nil)
}

func insertVideo(video edu.Video, into func(*edu.Video)) Query {
	s := newStatement("InsertVideo", "INSERT INTO videos AS v (course_id, title, position, duration_seconds) VALUES (")
	s.addSQL(s.bindArg(video.CourseID), ", ", s.bindArg(video.Title), ", ", s.bindArg(video.Position), ", ", s.bindArg(video.DurationSeconds))
	return s.addSQL(") RETURNING ", videoColumns).buildQuery(scanVideo(into))
}

// lengthenCourse extends the duration of a course to that of its videos, if it is shorter.
func lengthenCourse(course int64) Query {
	s := newStatement("LengthenCourse", "UPDATE courses c SET updated_at = now(), duration_seconds = greatest(c.duration_seconds, v.seconds) FROM (")
	id := s.bindArg(course)
	return s.addSQL("SELECT sum(duration_seconds) AS seconds FROM videos WHERE course_id = ", id, ") v WHERE c.id = ", id).buildQuery(nil)
}
