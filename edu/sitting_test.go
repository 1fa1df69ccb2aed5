package edu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var sittingStart = time.Date(2026, time.March, 1, 20, 0, 0, 0, time.UTC)

// storedHistory is a table of the sittings of one video, as the store has it.
type storedHistory struct {
	rows   []*Sitting
	events map[int64][]byte
	lastID int64
}

// record adds events to the stored sittings, as the store does: it reads those from the one before the first
// event on.
func (h *storedHistory) record(t *testing.T, now time.Time, points ...WatchPoint) {
	t.Helper()
	first := slices.MinFunc(points, func(a, b WatchPoint) int { return a.At.Compare(b.At) }).At
	var read []*Sitting
	for i, row := range h.rows {
		if i+1 < len(h.rows) && h.rows[i+1].WatchedAt.Before(first.Add(-SittingGap)) {
			continue
		}
		s := &Sitting{
			ID: row.ID, VideoID: row.VideoID, CreatedAt: row.CreatedAt, WatchedAt: row.WatchedAt,
			ProgressSeconds: row.ProgressSeconds, WatchedSeconds: row.WatchedSeconds,
		}
		if err := s.DecodeEvents(h.events[row.ID]); err != nil {
			t.Fatal(err)
		}
		read = append(read, s)
	}
	history := NewWatchHistory(1, read, first, now)
	for _, p := range points {
		history.AddEvent(p)
	}
	changes := history.Changes(SittingChanges{})
	for _, s := range changes.Removed {
		h.rows = slices.DeleteFunc(h.rows, func(row *Sitting) bool { return row.ID == s.ID })
	}
	for _, s := range changes.Inserted {
		h.lastID++
		s.ID = h.lastID
		h.rows = append(h.rows, s)
	}
	for _, s := range changes.Updated {
		h.rows[slices.IndexFunc(h.rows, func(row *Sitting) bool { return row.ID == s.ID })] = s
	}
	for _, s := range slices.Concat(changes.Inserted, changes.Updated) {
		h.events[s.ID] = s.EncodeEvents()
	}
	slices.SortFunc(h.rows, func(a, b *Sitting) int { return a.WatchedAt.Compare(b.WatchedAt) })
}

func newStoredHistory() *storedHistory { return &storedHistory{events: map[int64][]byte{}} }

// watched returns the sum of the time watched.
func (h *storedHistory) watched() (seconds int) {
	for _, s := range h.rows {
		seconds += s.WatchedSeconds
	}
	return seconds
}

func (h *storedHistory) String() (text string) {
	for _, s := range h.rows {
		text += fmt.Sprintf("[until %s at %d, watched %d] ", s.WatchedAt.Sub(sittingStart), s.ProgressSeconds, s.WatchedSeconds)
	}
	return text
}

// watchPoint returns that a position was reached some seconds after sittingStart.
func watchPoint(after float64, seconds int) WatchPoint {
	return WatchPoint{At: sittingStart.Add(time.Duration(after*1000) * time.Millisecond), Seconds: seconds}
}

// heartbeats returns an event every step seconds, from after + step on, of watching from one position to
// another.
func heartbeats(after float64, from, to, step int) (points []WatchPoint) {
	for at := from + step; at <= to; at += step {
		points = append(points, watchPoint(after+float64(at-from), at))
	}
	return points
}

func TestWatchTime(t *testing.T) {
	t.Parallel()
	hour := 3600.0
	for name, c := range map[string]struct {
		points []WatchPoint
		want   int
		rows   int
	}{
		"one event counts from 0":                        {[]WatchPoint{watchPoint(0, 40)}, 40, 1},
		"heartbeats sum to the video":                    {heartbeats(0, 0, 600, 10), 600, 1},
		"a film is one sitting":                          {heartbeats(0, 0, 7200, 10), 7200, 1},
		"a jump forward counts twice the time":           {[]WatchPoint{watchPoint(0, 10), watchPoint(10, 500)}, 30, 1},
		"a jump back counts nothing":                     {[]WatchPoint{watchPoint(0, 500), watchPoint(10, 20)}, 500, 1},
		"a position reached again counts again":          {slices.Concat(heartbeats(0, 0, 100, 10), heartbeats(200, 0, 100, 10)), 190, 1},
		"double speed counts all":                        {[]WatchPoint{watchPoint(0, 10), watchPoint(10, 30)}, 30, 1},
		"the same event counts once":                     {[]WatchPoint{watchPoint(0, 40), watchPoint(0, 40)}, 40, 1},
		"at one time the furthest counts":                {[]WatchPoint{watchPoint(0, 40), watchPoint(0, 90), watchPoint(0, 20)}, 90, 1},
		"parts of seconds are summed":                    {[]WatchPoint{watchPoint(0, 0), watchPoint(0.3, 1), watchPoint(0.6, 2)}, 1, 1},
		"30 minutes apart is one sitting":                {[]WatchPoint{watchPoint(0, 10), watchPoint(1800, 20)}, 20, 1},
		"more than that is two, which count growth only": {[]WatchPoint{watchPoint(0, 10), watchPoint(1800.001, 20)}, 20, 2},
		"a jump over a pause of two hours":               {[]WatchPoint{watchPoint(0, 10), watchPoint(hour, 9000)}, 10 + 7200, 2},
	} {
		h := newStoredHistory()
		h.record(t, sittingStart.Add(3*time.Hour), c.points...)
		if h.watched() != c.want || len(h.rows) != c.rows {
			t.Errorf("%s: %s, want %d s in %d rows", name, h, c.want, c.rows)
		}
	}
}

// referenceTime computes the time watched from all events at once, in milliseconds, and the number of
// sittings, by the rules of docs/glossary.md.
func referenceTime(points []WatchPoint) (millis int64, sittings int) {
	furthest := map[time.Time]int{}
	for _, p := range points {
		furthest[p.At] = max(furthest[p.At], p.Seconds)
	}
	var order []WatchPoint
	for at, seconds := range furthest {
		order = append(order, WatchPoint{at, seconds})
	}
	slices.SortFunc(order, func(a, b WatchPoint) int { return a.At.Compare(b.At) })
	for i, p := range order {
		if i == 0 {
			millis, sittings = int64(p.Seconds)*1000, 1
			continue
		}
		passed := p.At.Sub(order[i-1].At)
		if passed > 30*time.Minute {
			sittings++
		}
		millis += max(0, min(int64(p.Seconds-order[i-1].Seconds)*1000, 2*passed.Milliseconds()))
	}
	return millis, sittings
}

// The time watched and the sittings do not depend on the order in which events arrive, on how they are
// divided into requests, and on events that arrive twice, wherever positions go.
func TestWatchTimeHasNoOrder(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 400 {
		var points []WatchPoint
		at, seconds := 0.0, 0
		for range 1 + r.IntN(60) {
			at += []float64{0, 0.25, 5, 10, 10, 10, 600, 1799, 1801, 9000}[r.IntN(10)]
			if seconds += r.IntN(30); round%2 == 0 { // otherwise positions do not go back
				seconds = max(0, seconds-r.IntN(50))
			}
			points = append(points, watchPoint(at, seconds))
		}
		wantMillis, wantRows := referenceTime(points)
		points = append(points, points[:r.IntN(len(points)+1)]...)
		r.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		h := newStoredHistory()
		for rest := points; len(rest) > 0; {
			n := 1 + r.IntN(min(4, len(rest)))
			h.record(t, sittingStart.AddDate(0, 0, 10), rest[:n]...)
			rest = rest[n:]
		}
		// Each sitting has whole seconds, so the sum may lack a part of a second for each.
		if lack := wantMillis - int64(h.watched())*1000; lack < 0 || lack >= int64(wantRows)*1000 || len(h.rows) != wantRows {
			t.Fatalf("seed %d, round %d: %s, want %d ms in %d rows, after %v", seed, round, h, wantMillis, wantRows, points)
		}
	}
}

// A late event that fills the gap between two sittings makes them one.
func TestLateEventJoinsSittings(t *testing.T) {
	t.Parallel()
	h := newStoredHistory()
	for _, p := range []WatchPoint{watchPoint(0, 10), watchPoint(2400, 500)} {
		h.record(t, p.At, p)
	}
	if len(h.rows) != 2 {
		t.Fatalf("%s, want two sittings", h)
	}
	h.record(t, sittingStart.Add(time.Hour), watchPoint(1200, 100))
	if len(h.rows) != 1 || h.watched() != 500 || h.rows[0].ProgressSeconds != 500 || !h.rows[0].WatchedAt.Equal(sittingStart.Add(40*time.Minute)) {
		t.Errorf("%s, want one sitting of 500 s", h)
	}
}

// A sitting stores its latest 2,000 events. Earlier ones are counted, late events among them count nothing
// and raise the position only.
func TestSittingFoldsEvents(t *testing.T) {
	t.Parallel()
	h := newStoredHistory()
	points := heartbeats(0, 0, 7000, 1)
	for n := range 14 {
		h.record(t, sittingStart.Add(3*time.Hour), points[n*500:(n+1)*500]...)
	}
	if len(h.rows) != 1 || h.watched() != 7000 {
		t.Fatalf("%s, want one sitting of 7,000 s", h)
	}
	if n := len(h.events[1]); n > 7*2_000 {
		t.Errorf("%d bytes of events", n)
	}
	h.record(t, sittingStart.Add(3*time.Hour), points[100], watchPoint(200.5, 9000), points[6999], watchPoint(6999.5, 7000))
	if len(h.rows) != 1 || h.watched() != 7000 || h.rows[0].ProgressSeconds != 9000 {
		t.Errorf("%s after events that were folded, want 7,000 s and the position 9,000", h)
	}
	h.record(t, sittingStart.Add(3*time.Hour), watchPoint(7010, 7010))
	if h.watched() != 7010 {
		t.Errorf("%s, want 7,010 s", h)
	}
}

// A row without events, such as one that was migrated, has its watch time up to its last event. Events before
// that raise the position only, however much earlier they are.
func TestSittingWithoutEvents(t *testing.T) {
	t.Parallel()
	h := newStoredHistory()
	h.record(t, sittingStart, watchPoint(-36000, 5), watchPoint(0, 10))
	h.events[2] = nil
	h.record(t, sittingStart, watchPoint(-18000, 40), watchPoint(-60, 20), watchPoint(0, 10))
	if len(h.rows) != 2 || h.watched() != 10 || h.rows[1].ProgressSeconds != 40 {
		t.Errorf("%s, want 10 s, and a sitting that reaches 40", h)
	}
	h.record(t, sittingStart, watchPoint(20, 30))
	if len(h.rows) != 2 || h.watched() != 30 {
		t.Errorf("%s, want 20 s more", h)
	}
}

// A sitting ends 12 hours after its row was created, because the table of sittings is partitioned by that
// time. No time is lost.
func TestLongSittings(t *testing.T) {
	t.Parallel()
	h := newStoredHistory()
	for n := range 30 * 60 {
		p := watchPoint(float64(n)*60, n*60)
		h.record(t, p.At, p)
	}
	if len(h.rows) != 3 || h.watched() != 30*3600-60 {
		t.Errorf("%s, want three rows with all time", h)
	}
	for _, s := range h.rows {
		if s.WatchedAt.Sub(s.CreatedAt) > 12*time.Hour {
			t.Errorf("a sitting lasts from %s to %s", s.CreatedAt, s.WatchedAt)
		}
	}
}

// Events that other clients wrote are decoded or rejected.
func FuzzDecodeEvents(f *testing.F) {
	s := &Sitting{}
	for _, p := range heartbeats(0, 0, 60, 10) {
		s.insertPoint(p)
	}
	f.Add(s.EncodeEvents())
	f.Add([]byte{1, 5, 2})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		decoded := &Sitting{WatchedAt: sittingStart}
		if err := decoded.DecodeEvents(b); err == nil && len(decoded.points) == 0 {
			t.Error("a sitting without events")
		}
	})
}
