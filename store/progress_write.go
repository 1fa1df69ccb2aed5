package store

import (
	"context"
	"slices"
	"time"

	"github.com/7p-education/api/edu"
)

// RecordProgress records what a viewer watched, and raises the progress of the
// enrollments it belongs to: two statements, however many events and courses.
// It returns those enrollments, by the course's key. At is the path to the events.
func (s *Store) RecordProgress(ctx context.Context, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) ([]*edu.Enrollment, error) {
	var touched []*edu.Enrollment
	err := s.WriteInTx(ctx, func(tx *Tx) error {
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

// lockWatchedCourses locks the videos of events and the viewer's enrollments that they
// belong to, and returns when each course was last watched. An event of a course that the
// viewer does not take is refused.
func lockWatchedCourses(ctx context.Context, tx *Tx, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (map[int64]time.Time, error) {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.VideoID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // a player tells of a video many times
	videos, courses, last := map[int64]*edu.Video{}, map[int64]*edu.Course{}, map[int64]time.Time{}
	const among = " IN (SELECT course_id FROM videos WHERE id = ANY ("
	of := selectCourses("CoursesOfVideos", 0)
	of.addSQL(" FROM courses c WHERE c.id", among, of.bindArg(ids), "))")
	lock := newStatement("LockEnrollments", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	lock.addSQL(lock.bindArg(v.ID), " AND e.course_id", among, lock.bindArg(ids), ")) ORDER BY e.id FOR NO KEY UPDATE")
	err := tx.RunQueries(ctx, lockVideos(ids, func(v *edu.Video) { videos[v.ID] = v }),
		of.buildQuery(scanCourse(0, func(c *edu.Course) { courses[c.ID] = c })),
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

// lockVideos reads videos and keeps them where they are until the transaction ends.
// Recording does so anyway, by its foreign key, but in the order of the events: it
// would deadlock with addVideo, which moves videos.
func lockVideos(ids []int64, into func(*edu.Video)) Query {
	s := newStatement("LockVideos", "SELECT ", videoColumns, " FROM videos v WHERE v.id = ANY (")
	return s.addSQL(s.bindArg(ids), ") ORDER BY v.id FOR KEY SHARE").buildQuery(scanVideo(into))
}

// insertProgress records events. A clock that is a little ahead is set right.
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

// raiseProgress raises a user's enrollments in courses, given with when each was
// last watched, to the share of their videos that were watched far enough.
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
