package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// RecordedProgress is what RecordProgress did with the events of a viewer.
type RecordedProgress struct {
	Events      []edu.VideoEvent  // that were recorded
	Videos      []*edu.Video      // of these events, ordered by id
	Enrollments []*edu.Enrollment // in the courses of these videos, ordered by course id
	Problems    edu.UserErrors    // of the other events
}

// RecordProgress adds the events of a viewer to the sittings, and raises the progress of the enrollments in
// their courses: at most four statements for any number of events and courses. Events of videos that the
// viewer is not enrolled in, or that do not fit their video, are not recorded: if no events are left, nothing
// is written. The parameter at is the path to the events.
func (s *Store) RecordProgress(ctx context.Context, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (RecordedProgress, error) {
	var done RecordedProgress
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) (err error) {
		var sittings storedSittings
		if done, sittings, err = lockWatchedCourses(ctx, tx, v, events, at); err != nil {
			return err
		}
		if len(done.Events) == 0 {
			return done.Problems
		}
		return tx.Commit(ctx, append(writeSittings(v.ID, sittings.addEvents(done.Events)),
			raiseProgress(v.ID, done.lastWatched(), func(e *edu.Enrollment) { done.Enrollments = append(done.Enrollments, e) }))...)
	})
	if err != nil {
		return RecordedProgress{}, err
	}
	slices.SortFunc(done.Enrollments, func(a, b *edu.Enrollment) int { return int(a.CourseID - b.CourseID) })
	return done, nil
}

// lastWatched returns the time at which each course was last watched.
func (r RecordedProgress) lastWatched() map[int64]time.Time {
	courses, last := map[int64]int64{}, map[int64]time.Time{}
	for _, v := range r.Videos {
		courses[v.ID] = v.CourseID
	}
	for _, e := range r.Events {
		if course := courses[e.VideoID]; e.WatchedAt.After(last[course]) {
			last[course] = e.WatchedAt
		}
	}
	return last
}

// lockWatchedCourses locks the videos of events and the viewer's enrollments in their courses. It returns
// which events can be recorded, at positions that are not beyond the end of their video, and the sittings
// that they may change.
func lockWatchedCourses(ctx context.Context, tx *Tx, v edu.Viewer, events []edu.VideoEvent, at edu.InputPath) (checked RecordedProgress, sittings storedSittings, err error) {
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
		lock.buildQuery(scanEnrollment(func(e *edu.Enrollment) { enrolled[e.CourseID] = true })),
		selectSittings(v.ID, events, &sittings))
	if err != nil {
		return checked, sittings, err
	}
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
		e.ProgressSeconds = min(e.ProgressSeconds, video.DurationSeconds)
		checked.Events = append(checked.Events, e)
		checked.Videos = append(checked.Videos, video)
	}
	slices.SortFunc(checked.Videos, func(a, b *edu.Video) int { return int(a.ID - b.ID) })
	checked.Videos = slices.Compact(checked.Videos)
	return checked, sittings, nil
}

// lockVideos reads videos and locks them until the transaction ends. Inserting progress locks them
// anyway, through its foreign key, but in the order of the events. In that order it could deadlock
// with AddVideo, which moves videos in the order of their ids.
func lockVideos(ids []int64, into func(*edu.Video)) Query {
	s := newStatement("LockVideos", "SELECT ", videoColumns, " FROM videos v WHERE v.id = ANY (")
	return s.addSQL(s.bindArg(ids), ") ORDER BY v.id FOR KEY SHARE").buildQuery(scanVideo(into))
}

// raiseProgress raises the progress of a user's enrollments to the share of videos that are
// completed. courses maps each course to the time at which it was last watched.
func raiseProgress(user int64, courses map[int64]time.Time, into func(*edu.Enrollment)) Query {
	var ids []int64
	var last []time.Time
	for id, at := range courses {
		ids, last = append(ids, id), append(last, at)
	}
	q := newStatement("RaiseProgress", "WITH share AS (")
	userArg, coursesArg := q.bindArg(user), q.bindArg(ids)
	q.addSQL(watchedShares(coursesArg, " AND p.user_id = "+userArg), `)
		UPDATE enrollments e SET
			progress = greatest(e.progress, share.progress),
			last_accessed_at = greatest(e.last_accessed_at, least(t.at, now())),
			completed_at = coalesce(e.completed_at, CASE WHEN greatest(e.progress, share.progress) >= 100 THEN now() END)
		FROM unnest(`, coursesArg, "::bigint[], ", q.bindArg(last), `::timestamptz[]) AS t (course_id, at) LEFT JOIN share USING (course_id)
		WHERE e.user_id = `, userArg, " AND e.course_id = t.course_id RETURNING ", enrollmentColumns)
	return q.buildQuery(scanEnrollment(into))
}

// lockEnrollmentsOfCourse locks the enrollments in a course, in the order in which RecordProgress locks them.
func lockEnrollmentsOfCourse(course int64) Query {
	s := newStatement("LockEnrollmentsOfCourse", "SELECT FROM enrollments WHERE course_id = ")
	return s.addSQL(s.bindArg(course), " ORDER BY id FOR NO KEY UPDATE").buildQuery(func(pgx.Rows) error { return nil })
}

// raiseCourseProgress raises the progress of all enrollments in a course of which a video was deleted or shortened.
func raiseCourseProgress(course int64) Query {
	q := newStatement("RaiseCourseProgress", "WITH share AS (")
	courseArg := q.bindArg(course)
	q.addSQL(watchedShares("ARRAY["+courseArg+"::bigint]", ""), `)
		UPDATE enrollments e SET progress = share.progress, completed_at = coalesce(e.completed_at, CASE WHEN share.progress >= 100 THEN now() END)
		FROM share WHERE e.user_id = share.user_id AND e.course_id = share.course_id AND share.progress > e.progress`)
	return q.buildQuery(nil)
}

// watchedShares returns the SQL of the progress that users have in courses by what they watched, as user_id,
// course_id and progress: the share of the courses' videos that are completed, in percent with two decimals,
// rounded half up. Users who completed no video of a course have no row. The condition selects rows of
// video_progress p.
func watchedShares(courses, condition string) string {
	return `SELECT done.user_id, v.course_id, round(100.0 * count(*) / (SELECT count(*) FROM videos n WHERE n.course_id = v.course_id), 2) AS progress
		FROM (SELECT p.user_id, p.video_id, max(p.progress_seconds) AS seconds FROM video_progress p
			WHERE p.video_id = ANY (ARRAY(SELECT id FROM videos WHERE course_id = ANY (` + courses + `)))` + condition + `
			GROUP BY p.user_id, p.video_id) done
		JOIN videos v ON v.id = done.video_id AND done.seconds >= v.duration_seconds * ` + completionThreshold + `
		GROUP BY done.user_id, v.course_id`
}
