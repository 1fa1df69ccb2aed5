package edu

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

const (
	// SittingGap is the longest time between two successive events of one sitting.
	SittingGap = 30 * time.Minute
	// sittingSpan is how long after its creation a sitting takes later events. The table of sittings is
	// partitioned by the time of creation, and requires that no event is more than a day later.
	sittingSpan = 12 * time.Hour
	// maxSittingEvents is the most events that a sitting stores, the latest ones. A film of five hours with
	// an event every 10 s has 1,800. Watch time of earlier events is folded into one number: for them, late
	// events count no time.
	maxSittingEvents = 2_000
)

// WatchPoint is the position in a video that a viewer has reached at a time.
type WatchPoint struct {
	At      time.Time // in whole milliseconds
	Seconds int       // from the start of the video
}

// Sitting is a stretch of watching one video: events of which each is at most SittingGap after the one
// before.
type Sitting struct {
	ID              int64 // 0 if it is not stored yet
	VideoID         int64
	CreatedAt       time.Time
	WatchedAt       time.Time // of the last event
	ProgressSeconds int       // the furthest position
	WatchedSeconds  int       // the time watched

	// The stored events, by time. If the sitting is folded, the first of them is the last folded event, and
	// foldedMillis is the time watched up to it.
	points       []WatchPoint
	folded       bool
	foldedMillis int64
	changed      bool // and has to be stored
}

// EncodeEvents returns the events of the sitting in about three bytes each: 1 and the folded milliseconds,
// or 0; then the position of the last event, and for each event before it the milliseconds and the seconds
// of video between the two. All numbers are varints.
func (s *Sitting) EncodeEvents() []byte {
	var b []byte
	if s.folded {
		b = binary.AppendUvarint(append(b, 1), uint64(s.foldedMillis))
	} else {
		b = append(b, 0)
	}
	next := WatchPoint{At: s.WatchedAt}
	for i, p := range slices.Backward(s.points) {
		if i < len(s.points)-1 {
			b = binary.AppendUvarint(b, uint64(next.At.Sub(p.At).Milliseconds()))
		}
		b = binary.AppendVarint(b, int64(next.Seconds-p.Seconds))
		next = p
	}
	return b
}

// DecodeEvents sets the events of a stored sitting. Without events, all of them are folded.
func (s *Sitting) DecodeEvents(b []byte) error {
	if b == nil {
		s.WatchedAt = s.WatchedAt.Truncate(time.Millisecond)
		s.folded, s.foldedMillis = true, int64(s.WatchedSeconds)*1000
		s.points = []WatchPoint{{At: s.WatchedAt, Seconds: s.ProgressSeconds}}
		return nil
	}
	r := varintReader{bytes: b}
	if s.folded = r.readUnsigned() == 1; s.folded {
		s.foldedMillis = int64(r.readUnsigned())
	}
	p := WatchPoint{At: s.WatchedAt}
	for first := true; first || len(r.bytes) > 0 && !r.malformed; first = false {
		if !first {
			p.At = p.At.Add(-time.Duration(r.readUnsigned()) * time.Millisecond)
		}
		p.Seconds -= int(r.readSigned())
		s.points = append(s.points, p)
	}
	slices.Reverse(s.points)
	if r.malformed {
		return errors.New("malformed events of a sitting")
	}
	return nil
}

// varintReader reads varints from bytes. It returns 0 after a malformed one.
type varintReader struct {
	bytes     []byte
	malformed bool
}

func (r *varintReader) readUnsigned() uint64 {
	n, size := binary.Uvarint(r.bytes)
	r.skip(size)
	return n
}

func (r *varintReader) readSigned() int64 {
	n, size := binary.Varint(r.bytes)
	r.skip(size)
	return n
}

func (r *varintReader) skip(size int) {
	if size <= 0 {
		r.malformed, size = true, len(r.bytes)
	}
	r.bytes = r.bytes[size:]
}

// startsAt returns the time of the first event that is not folded into others.
func (s *Sitting) startsAt() time.Time { return s.points[0].At }

// reaches reports whether an event that is not before the sitting's start belongs to it.
func (s *Sitting) reaches(at time.Time) bool {
	return !at.After(s.WatchedAt) || at.Sub(s.WatchedAt) <= SittingGap && at.Sub(s.CreatedAt) <= sittingSpan
}

// insertPoint adds an event. Of events at the same time, the furthest position counts.
func (s *Sitting) insertPoint(p WatchPoint) {
	i, found := slices.BinarySearchFunc(s.points, p.At, func(q WatchPoint, at time.Time) int { return q.At.Compare(at) })
	switch {
	case !found:
		s.points = slices.Insert(s.points, i, p)
	case s.points[i].Seconds < p.Seconds:
		s.points[i] = p
	default:
		return
	}
	s.changed = true
	s.WatchedAt = s.points[len(s.points)-1].At
	s.ProgressSeconds = max(s.ProgressSeconds, p.Seconds)
}

// prepend adds all events of a sitting that ends before this one starts.
func (s *Sitting) prepend(earlier *Sitting) {
	s.points = slices.Concat(earlier.points, s.points)
	s.folded, s.foldedMillis = earlier.folded, earlier.foldedMillis
	s.ProgressSeconds = max(s.ProgressSeconds, earlier.ProgressSeconds)
	s.changed = true
}

// countTime computes the time watched. before is the last event of the sitting before it, nil if there is
// none.
func (s *Sitting) countTime(before *WatchPoint) {
	millis := s.foldedMillis
	for i := range s.points {
		if i > 0 || !s.folded {
			millis += watchedMillis(before, s.points[i])
		}
		before = &s.points[i]
		if len(s.points)-i > maxSittingEvents {
			s.foldedMillis = millis
		}
	}
	if n := len(s.points) - maxSittingEvents; n > 0 {
		s.folded, s.points = true, s.points[n-1:]
	}
	if seconds := int(millis / 1000); seconds != s.WatchedSeconds {
		s.WatchedSeconds, s.changed = seconds, true
	}
}

// watchedMillis returns the watch time of an event: its growth over the position of the event before it, at
// most twice the time between the two. The first event counts from 0.
func watchedMillis(before *WatchPoint, p WatchPoint) int64 {
	if before == nil {
		return int64(p.Seconds) * 1000
	}
	growth := int64(p.Seconds-before.Seconds) * 1000
	return max(0, min(growth, 2*p.At.Sub(before.At).Milliseconds()))
}
