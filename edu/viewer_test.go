package edu_test

import (
	"context"
	"testing"

	"github.com/7p-education/api/edu"
)

func TestViewerContext(t *testing.T) {
	t.Parallel()
	v := edu.Viewer{ID: 7, Role: edu.RoleStudent}
	if got := edu.ViewerFrom(edu.WithViewer(t.Context(), v)); got != v {
		t.Errorf("got %+v", got)
	}
	if got := edu.ViewerFrom(context.Background()); got.SignedIn() {
		t.Errorf("an empty context has the viewer %+v", got)
	}
}
