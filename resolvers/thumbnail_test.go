package resolvers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/covers"
	"github.com/7p-education/api/internal/demo"
)

// A cover of the demo has all data, another picture has its URL, and a course without a picture has none.
func TestThumbnail(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	thumbnail := func(url any) any {
		s.exec(t, "UPDATE courses SET thumbnail_url = $2 WHERE id = $1", s.course, url)
		got := s.mustExecute(t, anonymous, "query($id: ID!) { course(id: $id) { thumbnail { url alt width height thumbhash sources { mimeType srcset } } } }", map[string]any{"id": globalID(edu.KindCourse, s.course)})
		return valueAt(got, "course", "thumbnail")
	}
	if got := thumbnail(nil); got != nil {
		t.Errorf("a course without a picture: %v", got)
	}
	want := map[string]any{"url": "https://example.com/a.jpg", "alt": "Secrets of open", "width": nil, "height": nil, "thumbhash": nil, "sources": []any{}}
	if diff := cmp.Diff(want, thumbnail("https://example.com/a.jpg")); diff != "" {
		t.Error(diff)
	}
	cover := "http://localhost:8080/covers/" + covers.Name(1)
	got := thumbnail(cover)
	if valueAt(got, "url") != cover || valueAt(got, "width") != 960.0 || valueAt(got, "sources", 0, "mimeType") != "image/avif" || valueAt(got, "thumbhash") == nil {
		t.Errorf("a cover: %v", got)
	}

	const base = "https://api.example.com/demo"
	if err := demo.RebaseCovers(t.Context(), s.db, base); err != nil {
		t.Fatal(err)
	}
	url := func() string {
		return queryOne[string](t, s.testAPI, "SELECT thumbnail_url FROM courses WHERE id = $1", s.course)
	}
	if url() != base+"/covers/"+covers.Name(1) {
		t.Errorf("the cover moved to %s", url())
	}
	thumbnail("https://example.com/covers/mine.webp")
	if err := demo.RebaseCovers(t.Context(), s.db, base); err != nil || !strings.HasPrefix(url(), "https://example.com/") {
		t.Errorf("another picture moved to %s, %v", url(), err)
	}
}
