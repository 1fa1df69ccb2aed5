package store

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const videoColumns = "v.id, v.course_id, v.title, v.position, v.duration_seconds"

// VideosByID reads videos by their keys, in no order.
func VideosByID(ids []int64, into func(*edu.Video)) Query {
	s := newStatement("VideosByID", "SELECT ", videoColumns, " FROM videos v WHERE v.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagVideo).buildQuery(scanVideo(into))
}

// VideosByCourse reads the same page of the videos of each course, by position.
func VideosByCourse(ids []int64, p edu.PageArgs, into func(course int64, v *edu.Video)) Query {
	s := newStatement("VideosByCourse", "SELECT ", videoColumns, " FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM videos v WHERE v.course_id = parent.id`)
	s.addPageClause(edu.VideoOrder, "v.position", "v.id", p).addSQL(") v").dependOnEach(ids, edu.TagCourseVideos)
	return s.buildQuery(scanVideo(func(v *edu.Video) { into(v.CourseID, v) }))
}

func scanVideo(into func(*edu.Video)) func(pgx.Rows) error {
	var v edu.Video
	targets := []any{&v.ID, &v.CourseID, &v.Title, &v.Position, &v.DurationSeconds}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := v
		into(&row)
		return nil
	}
}

// ProgressByVideo reads how far a user has watched each of the videos. Into is
// not called for one not begun.
func ProgressByVideo(user int64, videos []int64, into func(*edu.VideoProgress)) Query {
	s := newStatement("ProgressByVideo", `SELECT p.video_id, max(p.progress_seconds), max(p.watched_at),
		max(p.progress_seconds) >= v.duration_seconds * `, completionThreshold, `
		FROM video_progress p JOIN videos v ON v.id = p.video_id WHERE p.user_id = `)
	s.dependOnID(user, edu.TagUserProgress).dependOnEach(videos, edu.TagVideo)
	s.addSQL(s.bindArg(user), " AND p.video_id = ANY (", s.bindArg(videos), ") GROUP BY p.video_id, v.duration_seconds")
	return s.buildQuery(func(rows pgx.Rows) error {
		p := &edu.VideoProgress{}
		err := rows.Scan(&p.VideoID, &p.ProgressSeconds, &p.WatchedAt, &p.Completed)
		into(p)
		return err
	})
}

// WatchTime sums the seconds of video that a user watched since a time.
func WatchTime(user int64, since time.Time, into *int) Query {
	s := newStatement("WatchTime", "SELECT coalesce(sum(p.progress_seconds), 0) FROM video_progress p WHERE p.user_id = ")
	return s.addSQL(s.bindArg(user)).addWatchedSince(since).dependOnID(user, edu.TagUserProgress).buildQuery(scanNumber(into))
}

// addWatchedSince appends the start of a window, and of the months that its rows
// can be in: see the check of video_progress.
func (s *statement) addWatchedSince(since time.Time) *statement {
	return s.addCondition("p.watched_at >= %", since).addCondition("p.created_at >= %", since.Add(-24*time.Hour))
}

// completionThreshold is edu.CompletionThreshold as the database reads it.
var completionThreshold = strconv.FormatFloat(edu.CompletionThreshold, 'f', -1, 64)
