package store

import (
	"context"
	"slices"
	"time"

	"github.com/7p-education/api/edu"
)

// RecordProgress records the events of a viewer, and raises the progress of the enrollments in
// their courses: two statements for any number of events and courses. It returns those enrollments,
// ordered by course id. The parameter at is the path to the events.
func (s *Store) RecordProgress(ctx context.Context, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) ([]*edu.Enrollment, error) {
	var touched []*edu.Enrollment
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) error {
		touched = nil
		courses, err := lockWatchedCourses(ctx, tx, v, events, at)
		if err != nil {
			return err
		}
		return tx.Commit(ctx, insertProgress(v.ID, events),
			raiseProgress(v.ID, courses, func(e *edu.Enrollment) { touched = append(touched, e) }))
	})
	slices.SortFunc(touched, func(a, b *edu.Enrollment) int { return int(a.CourseID - b.CourseID) })
	return touched, err
}

// lockWatchedCourses locks the videos of events and the viewer's enrollments in their courses, and
// returns the time at which each course was last watched. Events of courses that the viewer is not
// enrolled in are rejected.
func lockWatchedCourses(ctx context.Context, tx *Tx, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (map[int64]time.Time, error) {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.VideoID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // players report a video many times
	videos, courses, last := map[int64]*edu.Video{}, map[int64]*edu.Course{}, map[int64]time.Time{}
	const inCoursesOf = " IN (SELECT course_id FROM videos WHERE id = ANY ("
	watched := selectCourses("CoursesOfVideos", 0)
	watched.addSQL(" FROM courses c WHERE c.id", inCoursesOf, watched.bindArg(ids), "))")
	lock := newStatement("LockEnrollments", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	lock.addSQL(lock.bindArg(v.ID), " AND e.course_id", inCoursesOf, lock.bindArg(ids), ")) ORDER BY e.id FOR NO KEY UPDATE")
	err := tx.RunQueries(ctx, lockVideos(ids, func(v *edu.Video) { videos[v.ID] = v }),
		watched.buildQuery(scanCourse(0, func(c *edu.Course) { courses[c.ID] = c })),
		lock.buildQuery(scanEnrollment(func(e *edu.Enrollment) { last[e.CourseID] = time.Time{} })))
	if err != nil {
		return nil, err
	}
	var problems edu.UserErrors
	for i, e := range events {
		video := videos[e.VideoID]
		if video == nil {
			problems = append(problems, video.ValidateWatchEvent(e, nil, v, false, at.Subpath(i))...)
			continue
		}
		before, enrolled := last[video.CourseID]
		problems = append(problems, video.ValidateWatchEvent(e, courses[video.CourseID], v, enrolled, at.Subpath(i))...)
		if enrolled && e.WatchedAt.After(before) {
			last[video.CourseID] = e.WatchedAt
		}
	}
	if problems != nil {
		return nil, problems
	}
	return last, nil
}

// lockVideos reads videos and locks them until the transaction ends. Inserting progress locks them
// anyway, through its foreign key, but in the order of the events. In that order it could deadlock
// with AddVideo, which moves videos in the order of their ids.
func lockVideos(ids []int64, into func(*edu.Video)) Query {
	s := newStatement("LockVideos", "SELECT ", videoColumns, " FROM videos v WHERE v.id = ANY (")
	return s.addSQL(s.bindArg(ids), ") ORDER BY v.id FOR KEY SHARE").buildQuery(scanVideo(into))
}

// insertProgress records events. Times in the future are replaced by the current time, because
// clocks of clients may be ahead.
func insertProgress(user int64, events []edu.VideoEvent) Query {
	videos, seconds, times := make([]int64, len(events)), make([]int32, len(events)), make([]time.Time, len(events))
	for i, e := range events {
		videos[i], seconds[i], times[i] = e.VideoID, int32(e.ProgressSeconds), e.WatchedAt
	}
	q := newStatement("InsertProgress", "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) SELECT ")
	q.addSQL(q.bindArg(user), ", t.video_id, t.seconds, least(t.at, now()) FROM unnest(",
		q.bindArg(videos), "::bigint[], ", q.bindArg(seconds), "::integer[], ", q.bindArg(times), "::timestamptz[]) AS t (video_id, seconds, at)")
	return q.buildQuery(nil)
}

// raiseProgress raises the progress of a user's enrollments to the share of videos that are
// completed. courses maps each course to the time at which it was last watched.
func raiseProgress(user int64, courses map[int64]time.Time, into func(*edu.Enrollment)) Query {
	var ids []int64
	var last []time.Time
	for id, at := range courses {
		ids, last = append(ids, id), append(last, at)
	}
	q := newStatement("RaiseProgress", "WITH furthest AS (SELECT p.video_id, max(p.progress_seconds) AS seconds FROM video_progress p WHERE p.user_id = ")
	userArg, coursesArg := q.bindArg(user), q.bindArg(ids)
	q.addSQL(userArg, " AND p.video_id = ANY (ARRAY(SELECT id FROM videos WHERE course_id = ANY (", coursesArg, `))) GROUP BY p.video_id),
		share AS (SELECT v.course_id, round(100.0 * count(*) FILTER (WHERE f.seconds >= v.duration_seconds * `, completionThreshold, `) / count(*), 2) AS progress
			FROM videos v LEFT JOIN furthest f ON f.video_id = v.id WHERE v.course_id = ANY (`, coursesArg, `) GROUP BY v.course_id)
		UPDATE enrollments e SET
			progress = greatest(e.progress, share.progress),
			last_accessed_at = greatest(e.last_accessed_at, least(t.at, now())),
			completed_at = coalesce(e.completed_at, CASE WHEN greatest(e.progress, share.progress) >= 100 THEN now() END)
		FROM unnest(`, coursesArg, "::bigint[], ", q.bindArg(last), `::timestamptz[]) AS t (course_id, at) JOIN share USING (course_id)
		WHERE e.user_id = `, userArg, " AND e.course_id = t.course_id RETURNING ", enrollmentColumns)
	return q.buildQuery(scanEnrollment(into))
}
