package resolvers

import (
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
)

// Limits of the inputs, as the schema tells them.
const (
	maxVideoEvents = 500
	maxEmails      = 50_000
	maxEmailLength = 254 // characters, as RFC 5321 section 4.5.3.1.3 leaves for an address

	maxEventAge  = 366 * 24 * time.Hour // of the oldest that a device may still have to tell of
	maxClockSkew = 5 * time.Minute      // by which a device's clock may be ahead
)

// validateVideoEvents checks what was watched.
func validateVideoEvents(in validate.Input, list []*graph.VideoProgressEvent, now time.Time) []edu.VideoEvent {
	in.ValidateCount("events", len(list), 1, maxVideoEvents)
	if len(list) > maxVideoEvents {
		return nil
	}
	events := make([]edu.VideoEvent, len(list))
	for i, e := range list {
		in := in.AtPath("events", i)
		event := edu.VideoEvent{VideoID: in.ValidateID("videoId", e.VideoID, edu.KindVideo), ProgressSeconds: e.ProgressSeconds, WatchedAt: now}
		if e.ProgressSeconds < 0 {
			in.RejectField("progressSeconds", "this must be 0 at least; it is %d", e.ProgressSeconds)
		}
		if e.WatchedAt != nil {
			event.WatchedAt = *e.WatchedAt
		}
		switch age := now.Sub(event.WatchedAt); {
		case age < -maxClockSkew:
			in.RejectField("watchedAt", "this is in the future; it is %s now", now.UTC().Format(time.RFC3339))
		case age > maxEventAge:
			in.RejectField("watchedAt", "this is more than a year ago; it is %s now", now.UTC().Format(time.RFC3339))
		}
		events[i] = event
	}
	return events
}

// validateEmails checks a list of emails and leaves out what is in it twice.
func validateEmails(in validate.Input, list []string) []string {
	in.ValidateCount("emails", len(list), 1, maxEmails)
	if len(list) > maxEmails {
		return nil
	}
	emails, seen := make([]string, 0, len(list)), make(map[string]bool, len(list))
	for i, text := range list {
		email := in.AtPath("emails").ValidateLine(strconv.Itoa(i), text, 0, maxEmailLength)
		if key := strings.ToLower(email); !seen[key] {
			seen[key] = true
			emails = append(emails, email)
		}
	}
	return emails
}
