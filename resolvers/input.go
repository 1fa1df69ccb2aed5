package resolvers

import (
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/check"
)

// Limits of the inputs, as the schema tells them.
const (
	maxEvents = 500
	maxEmails = 50_000
	maxEmail  = 254 // characters, as RFC 5321 section 4.5.3.1.3 leaves for an address

	eventAge  = 366 * 24 * time.Hour // of the oldest that a device may still have to tell of
	clockSkew = 5 * time.Minute      // by which a device's clock may be ahead
)

// videoEvents checks what was watched.
func videoEvents(in check.Checker, list []*graph.VideoProgressEvent, now time.Time) []edu.VideoEvent {
	in.Count("events", len(list), 1, maxEvents)
	if len(list) > maxEvents {
		return nil
	}
	events := make([]edu.VideoEvent, len(list))
	for i, e := range list {
		in := in.At("events", i)
		event := edu.VideoEvent{VideoID: in.Key("videoId", e.VideoID, edu.KindVideo), ProgressSeconds: e.ProgressSeconds, WatchedAt: now}
		if e.ProgressSeconds < 0 {
			in.Invalid("progressSeconds", "this must be 0 at least; it is %d", e.ProgressSeconds)
		}
		if e.WatchedAt != nil {
			event.WatchedAt = *e.WatchedAt
		}
		switch age := now.Sub(event.WatchedAt); {
		case age < -clockSkew:
			in.Invalid("watchedAt", "this is in the future; it is %s now", now.UTC().Format(time.RFC3339))
		case age > eventAge:
			in.Invalid("watchedAt", "this is more than a year ago; it is %s now", now.UTC().Format(time.RFC3339))
		}
		events[i] = event
	}
	return events
}

// manyEmails checks a list of emails and leaves out what is in it twice.
func manyEmails(in check.Checker, list []string) []string {
	in.Count("emails", len(list), 1, maxEmails)
	if len(list) > maxEmails {
		return nil
	}
	emails, seen := make([]string, 0, len(list)), make(map[string]bool, len(list))
	for i, text := range list {
		email := in.At("emails").Line(strconv.Itoa(i), text, 0, maxEmail)
		if key := strings.ToLower(email); !seen[key] {
			seen[key] = true
			emails = append(emails, email)
		}
	}
	return emails
}
