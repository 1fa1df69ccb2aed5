package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// LearningStates reads where users are in courses. The next video is the last one watched, unless that is
// completed, and then the next in the course that is not; behind the end, the first.
func LearningStates(keys []edu.UserCourse, into func(*edu.LearningState)) Query {
	users, courses := make([]int64, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		users[i], courses[i] = k.UserID, k.CourseID
	}
	s := newStatement("LearningStates", `SELECT t.user_id, t.course_id, s.completed, s.remaining,
		n.id, n.title, n.position, n.duration_seconds, l.id, l.title, l.position, l.duration_seconds FROM unnest(`)
	s.addSQL(s.bindArg(users), "::bigint[], ", s.bindArg(courses), `::bigint[]) AS t (user_id, course_id) CROSS JOIN LATERAL (
		WITH lessons AS (SELECT v.id, v.position, v.duration_seconds, least(coalesce(w.seconds, 0), v.duration_seconds) AS seconds, w.at,
				coalesce(w.seconds >= v.duration_seconds * `, completionThreshold, `, false) AS completed
			FROM videos v CROSS JOIN LATERAL (SELECT max(p.progress_seconds) AS seconds, max(p.watched_at) AS at
				FROM video_progress p WHERE p.video_id = v.id AND p.user_id = t.user_id) w
			WHERE v.course_id = t.course_id),
		last AS (SELECT id, position FROM lessons WHERE at IS NOT NULL ORDER BY at DESC, position DESC LIMIT 1)
		SELECT count(*) FILTER (WHERE completed) AS completed,
			coalesce(sum(duration_seconds - seconds) FILTER (WHERE NOT completed), 0) AS remaining,
			(SELECT l.id FROM lessons l WHERE NOT l.completed
				ORDER BY l.position < (SELECT position FROM last) NULLS FIRST, l.position LIMIT 1) AS next,
			(SELECT id FROM last) AS last
		FROM lessons) s LEFT JOIN videos n ON n.id = s.next LEFT JOIN videos l ON l.id = s.last`)
	s.dependOnEach(users, edu.TagUserProgress).dependOnEach(courses, edu.TagCourseVideos)
	return s.buildQuery(func(rows pgx.Rows) error {
		state := &edu.LearningState{}
		var next, last optionalVideo
		err := rows.Scan(&state.UserID, &state.CourseID, &state.CompletedVideos, &state.RemainingSeconds,
			&next.id, &next.title, &next.position, &next.seconds, &last.id, &last.title, &last.position, &last.seconds)
		state.NextVideo, state.LastVideo = next.video(state.CourseID), last.video(state.CourseID)
		into(state)
		return err
	})
}

// optionalVideo holds the columns of a video that may be missing.
type optionalVideo struct {
	id                *int64
	title             *string
	position, seconds *int
}

// video returns the video, or nil if it is missing.
func (o optionalVideo) video(course int64) *edu.Video {
	if o.id == nil {
		return nil
	}
	return &edu.Video{ID: *o.id, CourseID: course, Title: *o.title, Position: *o.position, DurationSeconds: *o.seconds}
}
