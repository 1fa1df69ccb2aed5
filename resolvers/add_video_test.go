package resolvers_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const addVideoMutation = `mutation($input: AddVideoInput!) { addVideo(input: $input) {
	video { id title position durationSeconds course { durationSeconds updatedAt videos { totalCount } } viewerProgress { completed } } userErrors { code message field } } }`

// newVideoVariables returns the variables of addVideoMutation for a valid video, with changes to its fields.
func newVideoVariables(course int64, changes map[string]any) map[string]any {
	video := map[string]any{"courseId": globalID(edu.KindCourse, course), "title": "New", "durationSeconds": 30}
	maps.Copy(video, changes)
	return map[string]any{"input": video}
}

// videoTitles returns the titles of a course's videos in their order. It checks that the positions start at
// 1 and have no gaps.
func (s fixture) videoTitles(t *testing.T, course int64) string {
	t.Helper()
	if misplaced := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM (SELECT position, row_number() OVER (ORDER BY position) AS n FROM videos WHERE course_id = $1) v WHERE position <> n", course); misplaced != 0 {
		t.Errorf("%d videos have a wrong position", misplaced)
	}
	return strings.Join(queryColumn[string](t, s.testAPI, "SELECT title FROM videos WHERE course_id = $1 ORDER BY position", course), " ")
}

func TestAddVideo(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE courses SET duration_seconds = 100, updated_at = '2026-01-01'")
	got := s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"title": "Zwo\u0308lf"}))
	wantUserErrors(t, got, "addVideo")
	v := got.At("addVideo", "video")
	if valueAt(v, "title") != "Zwölf" || valueAt(v, "position") != 2.0 || valueAt(v, "durationSeconds") != 30.0 || valueAt(v, "viewerProgress") != nil ||
		valueAt(v, "course", "videos", "totalCount") != 2.0 || valueAt(v, "course", "updatedAt") == "2026-01-01T00:00:00Z" {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, totals, sections – move, insert, lengthen, COMMIT – course, progress – videos.
	if got.cost.Statements != 11 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 11 statements in 4 round trips", got.cost)
	}
	if valueAt(v, "course", "durationSeconds") != 100.0 { // 60 and 30 are less
		t.Errorf("response %s, want an unchanged length of the course", got.body)
	}
	for i, title := range []string{"First", "Third", "Last"} {
		position := []int{1, 3, 5}[i]
		got = s.execute(t, s.admin, addVideoMutation, newVideoVariables(s.course, map[string]any{"title": title, "position": position}))
		wantUserErrors(t, got, "addVideo")
		if got.At("addVideo", "video", "position") != float64(position) {
			t.Errorf("response %s, want position %d", got.body, position)
		}
	}
	if titles := s.videoTitles(t, s.course); titles != "First One Third Zwölf Last" {
		t.Errorf("videos are %s, want First One Third Zwölf Last", titles)
	}
	if got.At("addVideo", "video", "course", "durationSeconds") != 180.0 {
		t.Errorf("response %s, want a course of 180 seconds, the sum of its videos", got.body)
	}
	// A course cannot be shorter than the sum of its videos.
	shorten := func(seconds int) response {
		return s.execute(t, s.instructor, updateMutation, map[string]any{"input": map[string]any{"id": globalID(edu.KindCourse, s.course), "durationSeconds": seconds}})
	}
	wantUserErrors(t, shorten(179), "updateCourse", "INVALID input.durationSeconds")
	wantUserErrors(t, shorten(180), "updateCourse")
}

func TestAddVideoValidation(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	for name, c := range map[string]struct {
		field string
		value any
		want  []string
	}{
		"accepts a title of 200 characters": {"title", strings.Repeat("é", 200), nil},
		"rejects a title of 201 characters": {"title", strings.Repeat("é", 201), []string{"INVALID input.title"}},
		"rejects a blank title":             {"title", "\t", []string{"INVALID input.title"}},
		"accepts a duration of a day":       {"durationSeconds", 86_400, nil},
		"rejects a duration above a day":    {"durationSeconds", 86_401, []string{"INVALID input.durationSeconds"}},
		"rejects a duration of 0":           {"durationSeconds", 0, []string{"INVALID input.durationSeconds"}},
		"rejects position 0":                {"position", 0, []string{"INVALID input.position"}},
		"rejects a position past the end":   {"position", 99, []string{"INVALID input.position"}},
		"accepts a null position":           {"position", nil, nil},
		"rejects an unknown course":         {"courseId", globalID(edu.KindCourse, 99), []string{"NOT_FOUND input.courseId"}},
		"rejects an id of another kind":     {"courseId", globalID(edu.KindVideo, 1), []string{"INVALID input.courseId"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.countRows(t, "videos")
			got := s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{c.field: c.value}))
			wantUserErrors(t, got, "addVideo", c.want...)
			if added := s.countRows(t, "videos") - before; (c.want == nil) != (added == 1) {
				t.Errorf("%d videos were added", added)
			}
		})
	}
	// The message names the valid range.
	got := s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.draft, map[string]any{"position": 3}))
	if message := fmt.Sprint(got.At("addVideo", "userErrors", 0, "message")); !strings.Contains(message, "from 1 to 2") {
		t.Errorf("message %q, want one with the range from 1 to 2", message)
	}
}

// TestAddVideoLimit checks that a course has at most 1,000 videos, and that the thousandth one at position
// 1 moves all others.
func TestAddVideoLimit(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds) SELECT $1, n::text, n, 1 FROM generate_series(2, 999) n", s.course)
	wantUserErrors(t, s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"position": 1})), "addVideo")
	if titles := s.videoTitles(t, s.course); !strings.HasPrefix(titles, "New One 2 ") || !strings.HasSuffix(titles, " 999") {
		t.Errorf("videos are %.50s …, want the new one before all others", titles)
	}
	got := s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, nil))
	wantUserErrors(t, got, "addVideo", "INVALID input.courseId")
	if message := fmt.Sprint(got.At("addVideo", "userErrors", 0, "message")); !strings.Contains(message, "1000") {
		t.Errorf("message %q, want one with the limit of 1000", message)
	}
}

// TestConcurrentAddVideo checks that 32 concurrent additions at the start, in the middle and at the end
// leave neither gaps nor duplicate positions.
func TestConcurrentAddVideo(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	var wait sync.WaitGroup
	for i := range 16 {
		change := map[string]any{"title": fmt.Sprint("v", i), "position": []any{nil, 1, 2}[i%3]}
		wait.Go(func() {
			wantUserErrors(t, s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, change)), "addVideo")
		})
	}
	wait.Wait()
	titles := strings.Fields(s.videoTitles(t, s.course))
	if slices.Sort(titles); len(slices.Compact(titles)) != 17 {
		t.Errorf("the course has not 17 different videos: %v", titles)
	}
	if got := queryOne[string](t, s.testAPI, "SELECT video_count || ' of ' || duration_seconds FROM courses WHERE id = $1", s.course); got != "17 of 540" {
		t.Errorf("the course has %s seconds, want 17 of 540", got)
	}
}
