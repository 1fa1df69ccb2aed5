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

func newVideo(course int64, changes map[string]any) map[string]any {
	v := map[string]any{"courseId": id(edu.KindCourse, course), "title": "New", "durationSeconds": 30}
	maps.Copy(v, changes)
	return map[string]any{"input": v}
}

// titles are those of a course's videos, in their order; their positions must be 1
// and on, without a hole.
func (s stage) titles(t *testing.T, course int64) string {
	t.Helper()
	if holes := one[int](t, s.api, "SELECT count(*)::int FROM (SELECT position, row_number() OVER (ORDER BY position) AS n FROM videos WHERE course_id = $1) v WHERE position <> n", course); holes != 0 {
		t.Errorf("%d videos are not in their places", holes)
	}
	return strings.Join(connectionSelection[string](t, s.api, "SELECT title FROM videos WHERE course_id = $1 ORDER BY position", course), " ")
}

func TestAddVideo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(t, "UPDATE courses SET duration_seconds = 100, updated_at = '2026-01-01'")
	got := s.ask(t, s.teacher, addVideoMutation, newVideo(s.course, map[string]any{"title": "Zwo\u0308lf"}))
	wantRefusals(t, got, "addVideo")
	v := at(got.Data, "addVideo", "video")
	if at(v, "title") != "Zwölf" || at(v, "position") != 2.0 || at(v, "durationSeconds") != 30.0 || at(v, "viewerProgress") != nil ||
		at(v, "course", "videos", "totalCount") != 2.0 || at(v, "course", "updatedAt") == "2026-01-01T00:00:00Z" {
		t.Errorf("answered %s", got.body)
	}
	// BEGIN, lock, totals – move, insert, lengthen, COMMIT – course, progress – videos.
	if got.cost.Statements != 10 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 10 statements in 4 round trips", got.cost)
	}
	if at(v, "course", "durationSeconds") != 100.0 { // 60 and 30 are less
		t.Errorf("answered %s, want the course as long as it was", got.body)
	}
	for i, title := range []string{"First", "Third", "Last"} {
		position := []int{1, 3, 5}[i]
		got = s.ask(t, s.admin, addVideoMutation, newVideo(s.course, map[string]any{"title": title, "position": position}))
		wantRefusals(t, got, "addVideo")
		if at(got.Data, "addVideo", "video", "position") != float64(position) {
			t.Errorf("answered %s, want position %d", got.body, position)
		}
	}
	if titles := s.titles(t, s.course); titles != "First One Third Zwölf Last" {
		t.Errorf("the videos are %s", titles)
	}
	if at(got.Data, "addVideo", "video", "course", "durationSeconds") != 180.0 {
		t.Errorf("answered %s, want a course of 180 seconds, as its videos have", got.body)
	}
	// The course cannot be made shorter than they are.
	shorten := func(seconds int) answer {
		return s.ask(t, s.teacher, updateMutation, map[string]any{"input": map[string]any{"id": id(edu.KindCourse, s.course), "durationSeconds": seconds}})
	}
	wantRefusals(t, shorten(179), "updateCourse", "INVALID input.durationSeconds")
	wantRefusals(t, shorten(180), "updateCourse")
}

func TestAddVideoRules(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, c := range map[string]struct {
		field string
		value any
		want  []string
	}{
		"title":             {"title", strings.Repeat("é", 200), nil},
		"title too long":    {"title", strings.Repeat("é", 201), []string{"INVALID input.title"}},
		"title blank":       {"title", "\t", []string{"INVALID input.title"}},
		"duration":          {"durationSeconds", 86_400, nil},
		"duration too long": {"durationSeconds", 86_401, []string{"INVALID input.durationSeconds"}},
		"duration of none":  {"durationSeconds", 0, []string{"INVALID input.durationSeconds"}},
		"position of zero":  {"position", 0, []string{"INVALID input.position"}},
		"position beyond":   {"position", 99, []string{"INVALID input.position"}},
		"position null":     {"position", nil, nil},
		"no course":         {"courseId", id(edu.KindCourse, 99), []string{"NOT_FOUND input.courseId"}},
		"another kind":      {"courseId", id(edu.KindVideo, 1), []string{"INVALID input.courseId"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.count(t, "videos")
			got := s.ask(t, s.teacher, addVideoMutation, newVideo(s.course, map[string]any{c.field: c.value}))
			wantRefusals(t, got, "addVideo", c.want...)
			if made := s.count(t, "videos") - before; (c.want == nil) != (made == 1) {
				t.Errorf("%d videos were made", made)
			}
		})
	}
	// The range is told.
	got := s.ask(t, s.teacher, addVideoMutation, newVideo(s.draft, map[string]any{"position": 3}))
	if message := at(got.Data, "addVideo", "userErrors", 0, "message"); message != "this must be from 1 to 2; it is 3" {
		t.Errorf("told %v", message)
	}
}

// A course has 1,000 videos at most; the thousandth in front moves all others.
func TestAddVideoToMany(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds) SELECT $1, n::text, n, 1 FROM generate_series(2, 999) n", s.course)
	wantRefusals(t, s.ask(t, s.teacher, addVideoMutation, newVideo(s.course, map[string]any{"position": 1})), "addVideo")
	if titles := s.titles(t, s.course); !strings.HasPrefix(titles, "New One 2 ") || !strings.HasSuffix(titles, " 999") {
		t.Errorf("the videos are %.50s …", titles)
	}
	got := s.ask(t, s.teacher, addVideoMutation, newVideo(s.course, nil))
	wantRefusals(t, got, "addVideo", "INVALID input.courseId")
	if message := fmt.Sprint(at(got.Data, "addVideo", "userErrors", 0, "message")); !strings.Contains(message, "1000") {
		t.Errorf("told %q, want the limit", message)
	}
}

// 32 at once, in front, in the middle and at the end, leave no hole and no two in
// one place.
func TestAddVideoAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var wait sync.WaitGroup
	for i := range 32 {
		change := map[string]any{"title": fmt.Sprint("v", i), "position": []any{nil, 1, 2}[i%3]}
		wait.Go(func() { wantRefusals(t, s.ask(t, s.teacher, addVideoMutation, newVideo(s.course, change)), "addVideo") })
	}
	wait.Wait()
	titles := strings.Fields(s.titles(t, s.course))
	if slices.Sort(titles); len(slices.Compact(titles)) != 33 {
		t.Errorf("there are %d videos: %v", len(titles), titles)
	}
	if got := one[string](t, s.api, "SELECT video_count || ' of ' || duration_seconds FROM courses WHERE id = $1", s.course); got != "33 of 1020" {
		t.Errorf("the course counts %s seconds, want 33 of 1020", got)
	}
}
