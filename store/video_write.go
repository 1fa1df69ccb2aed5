package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// VideoPlace is the place of a new video in its course: nil and 0 select the defaults of edu.VideoTotals.PlaceVideo.
type VideoPlace struct {
	Position  *int
	SectionID int64
}

// AddVideo adds a video to a course at a place. Videos from its position on move by one, and the sections after its
// own begin one position later. The parameter at is the path to the video.
func (s *Store) AddVideo(ctx context.Context, v edu.Viewer, video edu.Video, place VideoPlace, at edu.InputPath) (*edu.Video, error) {
	var added *edu.Video
	course := video.CourseID
	err := s.writeRow(ctx, courseRow(course), func(tx *Tx) (err error) {
		var c *edu.Course
		var videos edu.VideoTotals
		var sections []*edu.Section
		if err := tx.RunQueries(ctx, lockCourse(course, &c), videoTotals(course, &videos), sectionsOfCourse(course, &sections)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at.Subpath("courseId")); err != nil {
			return err
		}
		var in *edu.Section
		if video.Position, in, err = videos.PlaceVideo(sections, place.Position, place.SectionID, at); err != nil {
			return err
		}
		writes := []Query{moveVideos(course, video.Position, 1), insertVideo(video, assignTo(&added)), lengthenCourse(course)}
		switch {
		case in == nil && len(sections) > 0:
			writes = append(writes, moveFirstVideos(course, "position", 0, 1))
		case in != nil && in != sections[len(sections)-1]:
			writes = append(writes, moveFirstVideos(course, "position", in.Position, 1))
		}
		return tx.Commit(ctx, writes...)
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
	SectionID       *int64 // 0 for none
	IsPreview       *bool
	Media           *[]byte // a pointer to nil removes the files
}

// UpdateVideo changes a video, moves it to another section, and extends its course as AddVideo does. If the video
// becomes shorter, enrollments rise to their share of the videos that are completed. The parameter at is the path
// to the video.
func (s *Store) UpdateVideo(ctx context.Context, v edu.Viewer, id int64, changes VideoChanges, at edu.InputPath) (*edu.Video, error) {
	var video *edu.Video
	err := s.WriteInTx(ctx, func(tx *Tx) (err error) {
		if video, err = lockEditedVideo(ctx, tx, v, id, at); err != nil || changes == (VideoChanges{}) {
			return err
		}
		shortened := changes.DurationSeconds != nil && *changes.DurationSeconds < video.DurationSeconds
		writes := []Query{updateVideo(id, changes, assignTo(&video)), lengthenCourse(video.CourseID)}
		if changes.SectionID != nil {
			outline, err := lockOutline(ctx, tx, video.CourseID)
			if err != nil {
				return err
			}
			if moved, err := outline.MoveVideo(id, *changes.SectionID, at.Subpath("sectionId")); err != nil {
				return err
			} else if moved {
				writes = append(writeOutline(outline), writes...)
			}
		}
		if shortened { // after the writes of progress that read the longer video
			lock := lockVideosOfCourse(video.CourseID, func(*edu.Video) {})
			writes = append(append([]Query{lock}, writes...), lockEnrollmentsOfCourse(video.CourseID), raiseCourseProgress(video.CourseID))
		}
		return tx.Commit(ctx, writes...)
	})
	return video, err
}

// updateVideo writes the columns of a video that change.
func updateVideo(id int64, changes VideoChanges, into func(*edu.Video)) Query {
	q := newStatement("UpdateVideo", "UPDATE videos v SET title = coalesce(")
	q.addSQL(q.bindArg(changes.Title), "::text, v.title), duration_seconds = coalesce(", q.bindArg(changes.DurationSeconds), "::integer, v.duration_seconds)",
		", is_preview = coalesce(", q.bindArg(changes.IsPreview), "::boolean, v.is_preview)")
	if changes.Media != nil {
		q.addSQL(", media = ", q.bindArg(*changes.Media), "::jsonb")
	}
	return q.addSQL(" WHERE v.id = ", q.bindArg(id), " RETURNING ", videoColumns).buildQuery(scanVideo(into))
}

// DeleteVideo deletes a video and all progress in it, and moves the videos and sections after it back by one. Enrollments
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
		return tx.Commit(ctx, lockVideosOfCourse(course, func(*edu.Video) {}), q.addSQL(q.bindArg(id)).buildQuery(nil),
			moveVideos(course, video.Position, -1), moveFirstVideos(course, "first_position", video.Position, -1), touchCourse(course), lockEnrollmentsOfCourse(course), raiseCourseProgress(course))
	})
	return course, err
}

// VideoSequence is an order of all videos of a course, and the section of each, 0 for none. Nil sections are those of
// edu.Outline.ReorderVideos.
type VideoSequence struct{ VideoIDs, SectionIDs []int64 }

// ReorderVideos sets the order and the sections of a course's videos. The parameter at is the path to the input.
func (s *Store) ReorderVideos(ctx context.Context, v edu.Viewer, course int64, order VideoSequence, at edu.InputPath) error {
	return s.changeOutline(ctx, v, course, at, func(o *edu.Outline) error { return o.ReorderVideos(order.VideoIDs, order.SectionIDs, at) })
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

// lockVideosOfCourse locks and reads the videos of a course, in the order of lockVideos.
func lockVideosOfCourse(course int64, into func(*edu.Video)) Query {
	s := newStatement("LockVideosOfCourse", "SELECT ", videoColumns, " FROM videos v WHERE v.course_id = ")
	return s.addSQL(s.bindArg(course), " ORDER BY v.id FOR UPDATE").buildQuery(scanVideo(into))
}

// touchCourse sets the time of the last change of a course.
func touchCourse(course int64) Query {
	s := newStatement("TouchCourse", "UPDATE courses SET updated_at = now() WHERE id = ")
	return s.addSQL(s.bindArg(course)).buildQuery(nil)
}
