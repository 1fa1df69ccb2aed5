package store

import (
	"context"
	"slices"
	"time"

	"github.com/7p-education/api/edu"
)

// RecordedProgress is what RecordProgress did with the events of a viewer.
type RecordedProgress struct {
	Events      []edu.VideoEvent  // that were recorded
	Videos      []*edu.Video      // of these events, ordered by id
	Enrollments []*edu.Enrollment // in the courses of these videos, ordered by course id
	Problems    edu.UserErrors    // of the other events
}

// RecordProgress records the events of a viewer, and raises the progress of the enrollments in
// their courses: two statements for any number of events and courses. Events of videos that the viewer is
// not enrolled in, or that do not fit their video, are not recorded: if that is none of them, nothing is
// written. The parameter at is the path to the events.
func (s *Store) RecordProgress(ctx context.Context, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (RecordedProgress, error) {
	var done RecordedProgress
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) (err error) {
		var last map[int64]time.Time
		if done, last, err = lockWatchedCourses(ctx, tx, v, events, at); err != nil {
			return err
		}
		if len(done.Events) == 0 {
			return done.Problems
		}
		return tx.Commit(ctx, insertProgress(v.ID, done.Events),
			raiseProgress(v.ID, last, func(e *edu.Enrollment) { done.Enrollments = append(done.Enrollments, e) }))
	})
	if err != nil {
		return RecordedProgress{}, err
	}
	slices.SortFunc(done.Enrollments, func(a, b *edu.Enrollment) int { return int(a.CourseID - b.CourseID) })
	return done, nil
}

// lockWatchedCourses locks the videos of events and the viewer's enrollments in their courses. It returns
// which events can be recorded, and the time at which each of their courses was last watched.
func lockWatchedCourses(ctx context.Context, tx *Tx, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (checked RecordedProgress, lastWatched map[int64]time.Time, err error) {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.VideoID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // players report a video many times
	videos, courses, enrolled := map[int64]*edu.Video{}, map[int64]*edu.Course{}, map[int64]bool{}
	const inCoursesOf = " IN (SELECT course_id FROM videos WHERE id = ANY ("
	watched := selectCourses("CoursesOfVideos", 0)
	watched.addSQL(" FROM courses c WHERE c.id", inCoursesOf, watched.bindArg(ids), "))")
	lock := newStatement("LockEnrollments", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	lock.addSQL(lock.bindArg(v.ID), " AND e.course_id", inCoursesOf, lock.bindArg(ids), ")) ORDER BY e.id FOR NO KEY UPDATE")
	err = tx.RunQueries(ctx, lockVideos(ids, func(v *edu.Video) { videos[v.ID] = v }),
		watched.buildQuery(scanCourse(0, func(c *edu.Course) { courses[c.ID] = c })),
		lock.buildQuery(scanEnrollment(func(e *edu.Enrollment) { enrolled[e.CourseID] = true })))
	if err != nil {
		return checked, nil, err
	}
	lastWatched = map[int64]time.Time{}
	for _, e := range events {
		video := videos[e.VideoID]
		var course int64
		if video != nil {
			course = video.CourseID
		}
		if problems := video.ValidateWatchEvent(e, courses[course], v, enrolled[course], at.Subpath(e.Index)); problems != nil {
			checked.Problems = append(checked.Problems, problems...)
			continue
		}
		checked.Events = append(checked.Events, e)
		checked.Videos = append(checked.Videos, video)
		if e.WatchedAt.After(lastWatched[course]) {
			lastWatched[course] = e.WatchedAt
		}
	}
	slices.SortFunc(checked.Videos, func(a, b *edu.Video) int { return int(a.ID - b.ID) })
	checked.Videos = slices.Compact(checked.Videos)
	return checked, lastWatched, nil
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
