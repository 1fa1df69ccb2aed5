package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const (
	updateVideoMutation = `mutation($input: UpdateVideoInput!) { updateVideo(input: $input) {
		video { title position durationSeconds course { durationSeconds } } userErrors { code message field } } }`
	deleteVideoMutation = `mutation($input: DeleteVideoInput!) { deleteVideo(input: $input) {
		course { videos { totalCount nodes { title position } } viewerEnrollment { progress } } userErrors { code message field } } }`
	reorderVideosMutation = `mutation($input: ReorderVideosInput!) { reorderVideos(input: $input) {
		course { videos { nodes { title position } } } userErrors { code message field } } }`
)

// addVideos adds videos of 100 s after the one that the course has, and returns the ids of all in their order.
func (s fixture) addVideos(t *testing.T, titles ...string) []int64 {
	t.Helper()
	s.exec(t, "UPDATE videos SET title = 'One' WHERE id = $1", s.video)
	s.exec(t, `INSERT INTO videos (course_id, title, position, duration_seconds)
		SELECT $1, title, n + 1, 100 FROM unnest($2::text[]) WITH ORDINALITY AS t (title, n)`, s.course, titles)
	return queryColumn[int64](t, s.testAPI, "SELECT id FROM videos WHERE course_id = $1 ORDER BY position", s.course)
}

// videoIDs returns the global ids of videos.
func videoIDs(keys ...int64) []any {
	ids := make([]any, len(keys))
	for i, key := range keys {
		ids[i] = globalID(edu.KindVideo, key)
	}
	return ids
}

func TestUpdateVideo(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE courses SET duration_seconds = 100")
	id := globalID(edu.KindVideo, s.video)
	got := s.execute(t, s.instructor, updateVideoMutation, inputVariables("id", id, "title", "Zwo\u0308lf", "durationSeconds", 150))
	wantUserErrors(t, got, "updateVideo")
	v := got.At("updateVideo", "video")
	if valueAt(v, "title") != "Zwölf" || valueAt(v, "position") != 1.0 || valueAt(v, "durationSeconds") != 150.0 || valueAt(v, "course", "durationSeconds") != 150.0 {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, the video – update, lengthen, COMMIT – course.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 3 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 7 statements in 3 round trips", got.cost)
	}
	got = s.execute(t, s.instructor, updateVideoMutation, inputVariables("id", id))
	if got.At("updateVideo", "video", "title") != "Zwölf" || got.At("updateVideo", "video", "durationSeconds") != 150.0 {
		t.Errorf("response %s, want an unchanged video", got.body)
	}
	for name, c := range map[string]struct {
		as    edu.Viewer
		input map[string]any
		want  []string
	}{
		"a blank title and a length of 0":    {s.instructor, inputVariables("id", id, "title", " ", "durationSeconds", 0), []string{"INVALID input.title", "INVALID input.durationSeconds"}},
		"an unknown video":                   {s.instructor, inputVariables("id", globalID(edu.KindVideo, 999)), []string{"NOT_FOUND input.id"}},
		"a video of another's course":        {s.otherInstructor, inputVariables("id", id, "title", "X"), []string{"FORBIDDEN input.id"}},
		"a video of another's draft":         {s.otherInstructor, inputVariables("id", globalID(edu.KindVideo, s.draftVideo), "title", "X"), []string{"NOT_FOUND input.id"}},
		"the id of a course instead of that": {s.instructor, inputVariables("id", globalID(edu.KindCourse, s.course)), []string{"INVALID input.id"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantUserErrors(t, s.execute(t, c.as, updateVideoMutation, c.input), "updateVideo", c.want...)
		})
	}
}

// Deleting a video closes the gap, and raises enrollments whose other videos are completed. It lowers none.
func TestDeleteVideo(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	videos := s.addVideos(t, "Two", "Three", "Four")
	s.exec(t, "DELETE FROM video_progress")
	s.mustExecute(t, s.student, recordMutation, eventVariables(videoEvent(videos[0], 60), videoEvent(videos[2], 95), videoEvent(videos[3], 95)))
	got := s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, videos[1])))
	wantUserErrors(t, got, "deleteVideo")
	if got.At("deleteVideo", "course", "videos", "totalCount") != 3.0 || s.videoTitles(t, s.course) != "One Three Four" {
		t.Errorf("response %s, want three videos without a gap", got.body)
	}
	if got.cost.RoundTrips > 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want at most 4 round trips", got.cost)
	}
	state := func() string {
		return queryOne[string](t, s.testAPI, "SELECT progress || ' ' || (completed_at IS NOT NULL) FROM enrollments WHERE id = $1", s.enrollment)
	}
	if got := state(); got != "100.00 true" {
		t.Errorf("the enrollment has %s, want it completed", got)
	}
	s.exec(t, "UPDATE enrollments SET progress = 80, completed_at = NULL WHERE id = $1", s.enrollment)
	s.exec(t, "DELETE FROM video_progress WHERE video_id = $1", videos[3])
	s.mustExecute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, videos[2])))
	if got := state(); got != "80.00 false" {
		t.Errorf("the enrollment has %s, want it unchanged", got)
	}
	wantUserErrors(t, s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, videos[1]))), "deleteVideo", "NOT_FOUND input.id")
	wantUserErrors(t, s.execute(t, s.otherInstructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, videos[0]))), "deleteVideo", "FORBIDDEN input.id")
}

func TestReorderVideos(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	v := s.addVideos(t, "Two", "Three")
	course := globalID(edu.KindCourse, s.course)
	got := s.execute(t, s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videoIDs(v[2], v[0], v[1])))
	wantUserErrors(t, got, "reorderVideos")
	if titles := s.videoTitles(t, s.course); titles != "Three One Two" || got.At("reorderVideos", "course", "videos", "nodes", 0, "title") != "Three" {
		t.Errorf("videos %s, response %s", titles, got.body)
	}
	// BEGIN, lock, the videos, the sections – reorder, touch, COMMIT – course – videos.
	if got.cost.Statements != 9 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 9 statements in 4 round trips", got.cost)
	}
	for name, c := range map[string]struct {
		as   edu.Viewer
		ids  []any
		want string
	}{
		"a video is missing":         {s.instructor, videoIDs(v[0], v[1]), "INVALID input.videoIds"},
		"a video is there twice":     {s.instructor, videoIDs(v[0], v[1], v[1]), "INVALID input.videoIds"},
		"a video of another course":  {s.instructor, videoIDs(v[0], v[1], s.draftVideo), "INVALID input.videoIds"},
		"no videos":                  {s.instructor, videoIDs(), "INVALID input.videoIds"},
		"1,001 videos":               {s.instructor, videoIDs(slices.Repeat(v[:1], 1001)...), "INVALID input.videoIds"},
		"the id of something else":   {s.instructor, []any{globalID(edu.KindVideo, v[0]), course}, "INVALID input.videoIds.1"},
		"another's course":           {s.otherInstructor, videoIDs(v...), "FORBIDDEN input.courseId"},
		"another's course, no video": {s.otherInstructor, videoIDs(v[0]), "FORBIDDEN input.courseId"},
	} {
		t.Run(name, func(t *testing.T) {
			wantUserErrors(t, s.execute(t, c.as, reorderVideosMutation, inputVariables("courseId", course, "videoIds", c.ids)), "reorderVideos", c.want)
		})
	}
}

// Concurrent changes of a course's videos leave positions from 1 without gaps, while students record progress:
// each reorder has all videos that exist, or is rejected.
func TestConcurrentVideoChanges(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.addVideos(t, strings.Fields("Two Three Four Five Six Seven Eight")...)
	course := globalID(edu.KindCourse, s.course)
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 6 {
				ids := queryColumn[int64](t, s.testAPI, "SELECT id FROM videos WHERE course_id = $1", s.course)
				if len(ids) == 0 {
					continue // all are deleted
				}
				r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
				var got response
				switch worker % 4 {
				case 0:
					got = s.execute(t, s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videoIDs(ids...)))
				case 1:
					got = s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"position": 1}))
				case 2:
					got = s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, ids[0])))
				default:
					got = s.execute(t, s.student, recordMutation, eventVariables(videoEvent(ids[0], 20), videoEvent(ids[len(ids)-1], 20)))
				}
				for _, e := range got.Errors {
					t.Errorf("worker %d: %v", worker, fmt.Sprint(e))
				}
			}
		})
	}
	wait.Wait()
	if titles := strings.Fields(s.videoTitles(t, s.course)); len(titles) != queryOne[int](t, s.testAPI, "SELECT video_count FROM courses WHERE id = $1", s.course) || slices.Contains(titles, "") {
		t.Errorf("videos %v", titles)
	}
}
