package edu

import (
	"slices"
	"time"
)

// WatchHistory holds the sittings of one viewer with one video, and adds events to them. The sittings, and
// the time watched in all of them, depend on the set of events and not on the order of their arrival, as
// long as no events are folded.
type WatchHistory struct {
	videoID  int64
	now      time.Time
	before   *WatchPoint // the last event before the first sitting; nil if there is none
	sittings []*Sitting  // by time, disjoint
	removed  []*Sitting  // stored sittings that became a part of another
}

// NewWatchHistory returns the history of a video. Stored are its sittings, by time, from the one before the
// first event that may be added. The new sittings are created now.
func NewWatchHistory(videoID int64, stored []*Sitting, firstEvent, now time.Time) *WatchHistory {
	h := &WatchHistory{videoID: videoID, now: now, sittings: stored}
	for len(h.sittings) > 0 && firstEvent.Sub(h.sittings[0].WatchedAt) > SittingGap {
		points := h.sittings[0].points
		h.before, h.sittings = &points[len(points)-1], h.sittings[1:]
	}
	return h
}

// AddEvent adds an event. An event that was added before changes nothing.
func (h *WatchHistory) AddEvent(p WatchPoint) {
	if h.isFolded(p.At) {
		h.raisePosition(p)
		return
	}
	i, _ := slices.BinarySearchFunc(h.sittings, p.At, func(s *Sitting, at time.Time) int {
		if s.startsAt().After(at) {
			return 1
		}
		return -1
	})
	joinsLeft := i > 0 && h.sittings[i-1].reaches(p.At)
	joinsRight := i < len(h.sittings) && h.sittings[i].startsAt().Sub(p.At) <= SittingGap
	switch {
	case joinsLeft && joinsRight && p.At.After(h.sittings[i-1].WatchedAt):
		left := h.sittings[i-1]
		left.insertPoint(p)
		h.sittings[i].prepend(left)
		h.sittings = slices.Delete(h.sittings, i-1, i)
		h.removed = append(h.removed, left)
	case joinsLeft:
		h.sittings[i-1].insertPoint(p)
	case joinsRight:
		h.sittings[i].insertPoint(p)
	default:
		s := &Sitting{VideoID: h.videoID, CreatedAt: h.now}
		s.insertPoint(p)
		h.sittings = slices.Insert(h.sittings, i, s)
	}
}

// isFolded reports whether the watch time around a time is folded, so that an event then counts no time.
func (h *WatchHistory) isFolded(at time.Time) bool {
	return slices.ContainsFunc(h.sittings, func(s *Sitting) bool { return s.folded && !at.After(s.startsAt()) })
}

// raisePosition raises the furthest position of the sitting of an event whose watch time is folded, or, since
// the starts of folded sittings are not known, of the next sitting.
func (h *WatchHistory) raisePosition(p WatchPoint) {
	i := slices.IndexFunc(h.sittings, func(s *Sitting) bool { return p.At.Sub(s.WatchedAt) <= SittingGap })
	if s := h.sittings[i]; p.Seconds > s.ProgressSeconds {
		s.ProgressSeconds, s.changed = p.Seconds, true
	}
}

// SittingChanges are the sittings that have to be written after events were added.
type SittingChanges struct{ Inserted, Updated, Removed []*Sitting }

// Changes counts the time watched, and appends the sittings that changed to the parameter.
func (h *WatchHistory) Changes(to SittingChanges) SittingChanges {
	before := h.before
	for _, s := range h.sittings {
		s.countTime(before)
		before = &s.points[len(s.points)-1]
		switch {
		case s.ID == 0:
			to.Inserted = append(to.Inserted, s)
		case s.changed:
			to.Updated = append(to.Updated, s)
		}
	}
	for _, s := range h.removed {
		if s.ID != 0 {
			to.Removed = append(to.Removed, s)
		}
	}
	return to
}
