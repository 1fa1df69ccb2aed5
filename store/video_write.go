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
		return tx.Commit(ctx, moveVideos(video.CourseID, video.Position, 1), insertVideo(video, assignTo(&added)), lengthenCourse(video.CourseID))
	})
	return added, err
}

// videoTotals reads the totals of the videos of a course.
func videoTotals(course int64, into *edu.VideoTotals) Query {
	s := newStatement("VideoTotals", "SELECT count(*), coalesce(max(v.position), 0), coalesce(sum(v.duration_seconds), 0) FROM videos v WHERE v.course_id = ")
	return s.addSQL(s.bindArg(course)).buildQuery(func(rows pgx.Rows) error { return rows.Scan(&into.Count, &into.LastPosition, &into.TotalSeconds) })
}

// moveVideos moves the videos from a position on by some positions. It locks them in the order of lockVideos.
// Positions may collide within the statement, because their unique constraint is deferrable.
func moveVideos(course int64, from, by int) Query {
	s := newStatement("MoveVideos", "UPDATE videos v SET position = v.position + ")
	return s.addSQL(s.bindArg(by), " FROM (SELECT id FROM videos WHERE course_id = ", s.bindArg(course), " AND position >= ", s.bindArg(from), " ORDER BY id FOR UPDATE) moved WHERE v.id = moved.id").buildQuery(nil)
}

func insertVideo(video edu.Video, into func(*edu.Video)) Query {
	s := newStatement("InsertVideo", "INSERT INTO videos AS v (course_id, title, position, duration_seconds, is_preview, media) VALUES (")
	s.addSQL(s.bindArg(video.CourseID), ", ", s.bindArg(video.Title), ", ", s.bindArg(video.Position), ", ", s.bindArg(video.DurationSeconds), ", ", s.bindArg(video.IsPreview), ", ", s.bindArg(video.Media), "::jsonb")
	return s.addSQL(") RETURNING ", videoColumns).buildQuery(scanVideo(into))
}

// lengthenCourse extends the duration of a course to that of its videos, if it is shorter.
func lengthenCourse(course int64) Query {
	s := newStatement("LengthenCourse", "UPDATE courses c SET updated_at = now(), duration_seconds = greatest(c.duration_seconds, v.seconds) FROM (")
	id := s.bindArg(course)
	return s.addSQL("SELECT sum(duration_seconds) AS seconds FROM videos WHERE course_id = ", id, ") v WHERE c.id = ", id).buildQuery(nil)
}

// VideoChanges are the new values of a video; nil leaves a value as it is.
type VideoChanges struct {
	Title           *string
	DurationSeconds *int
	IsPreview       *bool
	Media           *[]byte // a pointer to nil removes the files
}

// UpdateVideo changes a video, and extends its course as AddVideo does. The parameter at is the path to the
// video.
func (s *Store) UpdateVideo(ctx context.Context, v edu.Viewer, id int64, changes VideoChanges, at edu.InputPath) (*edu.Video, error) {
	var video *edu.Video
	err := s.WriteInTx(ctx, func(tx *Tx) (err error) {
		if video, err = lockEditedVideo(ctx, tx, v, id, at); err != nil || changes == (VideoChanges{}) {
			return err
		}
		q := newStatement("UpdateVideo", "UPDATE videos v SET title = coalesce(")
		q.addSQL(q.bindArg(changes.Title), "::text, v.title), duration_seconds = coalesce(", q.bindArg(changes.DurationSeconds), "::integer, v.duration_seconds)",
			", is_preview = coalesce(", q.bindArg(changes.IsPreview), "::boolean, v.is_preview)")
		if changes.Media != nil {
			q.addSQL(", media = ", q.bindArg(*changes.Media), "::jsonb")
		}
		q.addSQL(" WHERE v.id = ", q.bindArg(id), " RETURNING ", videoColumns)
		return tx.Commit(ctx, q.buildQuery(scanVideo(assignTo(&video))), lengthenCourse(video.CourseID))
	})
	return video, err
}

// DeleteVideo deletes a video and all progress in it, and moves the videos after it back by one. Enrollments
// rise to their share of the videos that remain. It returns the id of the course. The parameter at is the path
// to the video.
func (s *Store) DeleteVideo(ctx context.Context, v edu.Viewer, id int64, at edu.InputPath) (course int64, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		video, err := lockEditedVideo(ctx, tx, v, id, at)
		if err != nil {
			return err
		}
		course = video.CourseID
		q := newStatement("DeleteVideo", "DELETE FROM videos WHERE id = ")
		return tx.Commit(ctx, lockVideosOfCourse(course, nil), q.addSQL(q.bindArg(id)).buildQuery(nil),
			moveVideos(course, video.Position, -1), touchCourse(course), lockEnrollmentsOfCourse(course), raiseCourseProgress(course))
	})
	return course, err
}

// ReorderVideos sets the order of a course's videos, which must be all of them. The parameter at is the path
// to the input.
func (s *Store) ReorderVideos(ctx context.Context, v edu.Viewer, course int64, order []int64, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		var current []int64
		if err := tx.RunQueries(ctx, lockCourse(course, &c), lockVideosOfCourse(course, &current)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at.Subpath("courseId")); err != nil {
			return err
		}
		if err := edu.ValidateVideoOrder(current, order, at.Subpath("videoIds")); err != nil {
			return err
		}
		q := newStatement("ReorderVideos", "UPDATE videos v SET position = t.position FROM unnest(")
		q.addSQL(q.bindArg(order), "::bigint[]) WITH ORDINALITY AS t (id, position) WHERE v.id = t.id AND v.position <> t.position")
		return tx.Commit(ctx, q.buildQuery(nil), touchCourse(course))
	})
}

// lockEditedVideo locks the course of a video and reads the video, which the viewer is allowed to change.
func lockEditedVideo(ctx context.Context, tx *Tx, v edu.Viewer, id int64, at edu.InputPath) (video *edu.Video, err error) {
	var c *edu.Course
	lock := selectCourses("LockCourseOfVideo", 0)
	lock.addSQL(" FROM courses c WHERE c.id = (SELECT course_id FROM videos WHERE id = ", lock.bindArg(id), ") FOR NO KEY UPDATE")
	err = tx.RunQueries(ctx, lock.buildQuery(scanCourse(0, assignTo(&c))), VideosByID([]int64{id}, assignTo(&video)))
	if err != nil {
		return nil, err
	}
	return video, video.AuthorizeEdit(c, v, at.Subpath("id"))
}

// lockVideosOfCourse locks the videos of a course in the order of lockVideos. Their ids are appended to into,
// unless it is nil.
func lockVideosOfCourse(course int64, into *[]int64) Query {
	if into == nil {
		into = new([]int64)
	}
	*into = nil
	s := newStatement("LockVideosOfCourse", "SELECT v.id FROM videos v WHERE v.course_id = ")
	var id int64
	read := scanInt64(&id)
	return s.addSQL(s.bindArg(course), " ORDER BY v.id FOR UPDATE").buildQuery(func(rows pgx.Rows) error {
		err := read(rows)
		*into = append(*into, id)
		return err
	})
}

// touchCourse sets the time of the last change of a course.
func touchCourse(course int64) Query {
	s := newStatement("TouchCourse", "UPDATE courses SET updated_at = now() WHERE id = ")
	return s.addSQL(s.bindArg(course)).buildQuery(nil)
}
