package edu_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

func TestEnrollmentStatus(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for want, list := range map[edu.EnrollmentStatus][]edu.Enrollment{
		edu.NotStarted: {{}, {LastAccessedAt: &now}},
		edu.InProgress: {{Progress: 0.01}, {Progress: 99.99}},
		edu.Completed:  {{Progress: 100}, {CompletedAt: &now}, {Progress: 50, CompletedAt: &now}},
	} {
		for _, e := range list {
			if e.Status() != want {
				t.Errorf("%+v is %s, want %s", e, e.Status(), want)
			}
		}
	}
}
