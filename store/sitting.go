package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// storedSittings are the sittings of a viewer that WatchHistories reads, and the current time.
type storedSittings struct {
	now    time.Time
	videos map[int64][]*edu.Sitting // by time
}

// selectSittings reads the sittings that edu.WatchHistory requires to add a viewer's events: those of their
// videos, from the one before the first event on. Sittings are read and written under the lock of their
// enrollment.
func selectSittings(user int64, events []edu.VideoEvent, into *storedSittings) Query {
	first := firstEvents(events)
	videos, times := make([]int64, 0, len(first)), make([]time.Time, 0, len(first))
	for id, at := range first {
		videos, times = append(videos, id), append(times, at.Add(-edu.SittingGap))
	}
	into.videos = map[int64][]*edu.Sitting{}
	q := newStatement("SelectSittings", `SELECT now(), t.video_id, p.id, p.created_at, p.watched_at, p.progress_seconds, p.watched_seconds, p.events
		FROM unnest(`)
	own := " p.video_id = t.video_id AND p.user_id = " + q.bindArg(user)
	q.addSQL(q.bindArg(videos), "::bigint[], ", q.bindArg(times), `::timestamptz[]) AS t (video_id, since)
		LEFT JOIN LATERAL (SELECT * FROM video_progress p WHERE`, own, ` AND p.watched_at >= coalesce(
			(SELECT max(p.watched_at) FROM video_progress p WHERE`, own, ` AND p.watched_at < least(t.since, now() - `, q.bindArg(edu.SittingGap), `::interval)), '-infinity')
			ORDER BY p.watched_at, p.id -- also so that only the rows of the video are read, not all of the user
		) p ON true ORDER BY t.video_id, p.watched_at, p.id`)
	return q.buildQuery(func(rows pgx.Rows) error {
		var video int64
		var id *int64
		var created, watched *time.Time
		var position, seconds *int
		var encoded []byte
		if err := rows.Scan(&into.now, &video, &id, &created, &watched, &position, &seconds, &encoded); err != nil || id == nil {
			return err
		}
		s := &edu.Sitting{ID: *id, VideoID: video, CreatedAt: *created, WatchedAt: *watched, ProgressSeconds: *position, WatchedSeconds: *seconds}
		into.videos[video] = append(into.videos[video], s)
		return s.DecodeEvents(encoded)
	})
}

// firstEvents returns the time of the first event of each video.
func firstEvents(events []edu.VideoEvent) map[int64]time.Time {
	first := map[int64]time.Time{}
	for _, e := range events {
		if at, ok := first[e.VideoID]; !ok || e.WatchedAt.Before(at) {
			first[e.VideoID] = e.WatchedAt
		}
	}
	return first
}

// addEvents adds events to the sittings, and returns what has to be written. Times after the current time
// count as now, because clocks of clients may be ahead.
func (s *storedSittings) addEvents(events []edu.VideoEvent) (changes edu.SittingChanges) {
	histories := map[int64]*edu.WatchHistory{}
	for id, at := range firstEvents(events) {
		histories[id] = edu.NewWatchHistory(id, s.videos[id], s.clampTime(at), s.now)
	}
	for _, e := range events {
		histories[e.VideoID].AddEvent(edu.WatchPoint{At: s.clampTime(e.WatchedAt), Seconds: e.ProgressSeconds})
	}
	for _, h := range histories {
		changes = h.Changes(changes)
	}
	return changes
}

// clampTime returns a time, in milliseconds, or the current one if it is later.
func (s *storedSittings) clampTime(at time.Time) time.Time {
	if at.After(s.now) {
		at = s.now
	}
	return at.Truncate(time.Millisecond)
}

// writeSittings returns the statements that write changed sittings of a user, one for each kind of change.
func writeSittings(user int64, changes edu.SittingChanges) (queries []Query) {
	if len(changes.Removed) > 0 {
		q := newStatement("RemoveSittings", "DELETE FROM video_progress p USING ")
		queries = append(queries, q.addSittings(changes.Removed).addSQL(" WHERE p.id = t.id AND p.created_at = t.created_at").buildQuery(nil))
	}
	if len(changes.Updated) > 0 {
		q := newStatement("UpdateSittings", `UPDATE video_progress p SET watched_at = t.watched_at, progress_seconds = t.position,
			watched_seconds = t.seconds, events = t.events FROM `)
		queries = append(queries, q.addSittings(changes.Updated).addSQL(" WHERE p.id = t.id AND p.created_at = t.created_at").buildQuery(nil))
	}
	if len(changes.Inserted) > 0 {
		q := newStatement("InsertSittings", "INSERT INTO video_progress (user_id, video_id, created_at, watched_at, progress_seconds, watched_seconds, events) SELECT ")
		q.addSQL(q.bindArg(user), ", t.video_id, t.created_at, t.watched_at, t.position, t.seconds, t.events FROM ")
		queries = append(queries, q.addSittings(changes.Inserted).buildQuery(nil))
	}
	return queries
}

// addSittings appends sittings as a table t.
func (s *statement) addSittings(list []*edu.Sitting) *statement {
	ids, videos := make([]int64, len(list)), make([]int64, len(list))
	created, watched := make([]time.Time, len(list)), make([]time.Time, len(list))
	positions, seconds, encoded := make([]int32, len(list)), make([]int32, len(list)), make([][]byte, len(list))
	for i, row := range list {
		ids[i], videos[i], created[i], watched[i] = row.ID, row.VideoID, row.CreatedAt, row.WatchedAt
		positions[i], seconds[i], encoded[i] = int32(row.ProgressSeconds), int32(row.WatchedSeconds), row.EncodeEvents()
	}
	return s.addSQL("unnest(", s.bindArg(ids), "::bigint[], ", s.bindArg(videos), "::bigint[], ", s.bindArg(created), "::timestamptz[], ",
		s.bindArg(watched), "::timestamptz[], ", s.bindArg(positions), "::integer[], ", s.bindArg(seconds), "::integer[], ",
		s.bindArg(encoded), "::bytea[]) AS t (id, video_id, created_at, watched_at, position, seconds, events)")
}
