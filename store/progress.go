package store

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// ProgressByVideo reads the progress of a user in videos. into is not called for videos that the
// user has not started.
func ProgressByVideo(user int64, videos []int64, into func(*edu.VideoProgress)) Query {
	s := newStatement("ProgressByVideo", `SELECT p.video_id, least(max(p.progress_seconds), v.duration_seconds), max(p.watched_at),
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
	s := newStatement("WatchTime", "SELECT coalesce(sum(p.watched_seconds), 0) FROM video_progress p WHERE p.user_id = ")
	return s.addSQL(s.bindArg(user)).addWatchedSince(since).dependOnID(user, edu.TagUserProgress).buildQuery(scanNumber(into))
}

// addWatchedSince appends the start of a time window, and the bound that it implies for the
// partitions of its rows: see the CHECK constraint of video_progress.
func (s *statement) addWatchedSince(since time.Time) *statement {
	return s.addCondition("p.watched_at >= %", since).addCondition("p.created_at >= %", since.Add(-24*time.Hour))
}

// completionThreshold is edu.CompletionThreshold as a SQL literal.
var completionThreshold = strconv.FormatFloat(edu.CompletionThreshold, 'f', -1, 64)
