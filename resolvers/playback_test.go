package resolvers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// videoMedia is the value of videos.media of a video with all files.
const videoMedia = `{"path": "intro/index.m3u8", "width": 640, "height": 360, "poster": "intro/poster.jpg", "captions": [{"language": "en", "label": "English", "path": "intro/en.vtt"}]}`

const playbackQuery = `query($id: ID!) { node(id: $id) { ... on Video { isPreview playback { url mimeType width height poster captions { language label url } expiresAt } } } }`

// playback returns Video.playback of a video.
func (s fixture) playback(t *testing.T, as edu.Viewer, video int64) response {
	t.Helper()
	got := s.execute(t, as, playbackQuery, map[string]any{"id": globalID(edu.KindVideo, video)})
	if len(got.Errors) > 0 {
		t.Errorf("response %s", got.body)
	}
	return got
}

func TestPlayback(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	if got := s.playback(t, s.student, s.video); got.At("node", "playback") != nil || got.At("node", "isPreview") != false {
		t.Errorf("a video without files: %s", got.body)
	}
	s.exec(t, "UPDATE videos SET media = '"+videoMedia+"'")
	expires := testdb.Now.Add(time.Hour + time.Minute + 5*time.Minute).Truncate(5 * time.Minute).UTC()
	sign := func(file string) string {
		return testSigner.SignURL(globalID(edu.KindCourse, s.course)+"/intro/"+file, expires)
	}
	want := map[string]any{
		"url": sign("index.m3u8"), "mimeType": "application/vnd.apple.mpegurl", "width": 640.0, "height": 360.0, "poster": sign("poster.jpg"),
		"captions":  []any{map[string]any{"language": "en", "label": "English", "url": sign("en.vtt")}},
		"expiresAt": expires.Format(time.RFC3339),
	}
	got := s.playback(t, s.student, s.video)
	if diff := cmp.Diff(want, got.At("node", "playback")); diff != "" {
		t.Error(diff)
	}
	// The video – its course, the viewer's enrollment.
	if got.cost.Statements != 3 || got.cost.RoundTrips != 2 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 3 statements in 2 round trips", got.cost)
	}
	s.exec(t, "UPDATE videos SET is_preview = true, media = jsonb_build_object('path', 'intro/clip.webm')")
	got = s.playback(t, anonymous, s.video)
	want = map[string]any{
		"url": sign("clip.webm"), "mimeType": "video/webm", "width": nil, "height": nil, "poster": nil, "captions": []any{}, "expiresAt": expires.Format(time.RFC3339),
	}
	if diff := cmp.Diff(want, got.At("node", "playback")); diff != "" || got.At("node", "isPreview") != true {
		t.Errorf("an anonymous preview: %s", diff)
	}
	// The video – its course, which decides whether it is visible.
	if got.cost.Statements != 2 || got.cost.RoundTrips != 2 {
		t.Errorf("cost of a preview %+v, want 2 statements in 2 round trips", got.cost)
	}
}

// The end of an enrollment ends playback. The end of a publication ends it for visitors, not for students.
func TestPlaybackEnds(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE videos SET media = '"+videoMedia+"'")
	byEnrollment := func(id int64) any {
		got := s.execute(t, s.student, `query($id: ID!) { node(id: $id) { ... on Enrollment { course { videos { nodes { playback { url } } } } } } }`, map[string]any{"id": globalID(edu.KindEnrollment, id)})
		return got.At("node", "course", "videos", "nodes", 0, "playback")
	}
	s.mustExecute(t, s.instructor, "mutation($id: ID!) { unpublishCourse(id: $id) { userErrors { code } } }", map[string]any{"id": globalID(edu.KindCourse, s.course)})
	if byEnrollment(s.enrollment) == nil {
		t.Error("a student cannot play a video of a course that was unpublished")
	}
	s.exec(t, "UPDATE videos SET is_preview = true")
	if got := s.playback(t, s.otherStudent, s.video); got.At("node") != nil {
		t.Errorf("another student plays the preview of a course that was unpublished: %s", got.body)
	}
	s.exec(t, "UPDATE videos SET is_preview = false")
	s.mustExecute(t, s.instructor, "mutation($id: ID!) { publishCourse(id: $id) { userErrors { code } } }", map[string]any{"id": globalID(edu.KindCourse, s.course)})
	if got := s.playback(t, s.student, s.video); got.At("node", "playback") == nil {
		t.Errorf("a student: %s", got.body)
	}
	s.mustExecute(t, s.student, "mutation($input: UnenrollInput!) { unenroll(input: $input) { userErrors { code } } }", inputVariables("courseId", globalID(edu.KindCourse, s.course)))
	if got := s.playback(t, s.student, s.video); got.At("node") == nil || got.At("node", "playback") != nil {
		t.Errorf("a student whose enrollment has ended: %s", got.body)
	}
}

// A list costs two statements for playback, however many videos and courses it has.
func TestPlaybackOfList(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	const query = "{ courses(first: 10) { nodes { videos(first: 10) { nodes { isPreview %s } } } } }"
	without := a.execute(t, student, fmt.Sprintf(query, ""), nil)
	with := a.execute(t, student, fmt.Sprintf(query, "playback { url }"), nil)
	if with.cost.Statements != without.cost.Statements+2 || with.cost.RoundTrips != without.cost.RoundTrips+1 || with.cost.Waits != 0 {
		t.Errorf("cost %+v, and %+v without playback", with.cost, without.cost)
	}
	got := a.execute(t, anonymous, fmt.Sprintf(query, "playback { url }"), nil)
	if got.cost != without.cost {
		t.Errorf("cost of an anonymous viewer %+v, want %+v as without playback", got.cost, without.cost)
	}
	previews := 0
	for _, c := range got.At("courses", "nodes").([]any) {
		for _, v := range valueAt(c, "videos", "nodes").([]any) {
			if valueAt(v, "isPreview") != (valueAt(v, "playback") != nil) {
				t.Fatalf("an anonymous viewer: %v", v)
			}
			if valueAt(v, "isPreview") == true {
				previews++
			}
		}
	}
	if previews != 10 {
		t.Errorf("%d previews, want the first video of each course", previews)
	}
}

func TestEditMedia(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	files := map[string]any{
		"path": "two/index.m3u8", "width": 1920, "height": 1080, "poster": "two/poster.avif",
		"captions": []any{map[string]any{"language": "PT-br", "label": "Português", "path": "two/pt.vtt"}, map[string]any{"language": "en", "label": "English", "path": "two/en.vtt"}},
	}
	const selection = "{ video { id isPreview playback { url mimeType width poster captions { language } } } userErrors { code message field } } }"
	const update = "mutation($input: UpdateVideoInput!) { updateVideo(input: $input) " + selection
	got := s.execute(t, s.instructor, "mutation($input: AddVideoInput!) { addVideo(input: $input) "+selection, newVideoVariables(s.course, map[string]any{"isPreview": true, "media": files}))
	wantUserErrors(t, got, "addVideo")
	v := got.At("addVideo", "video")
	if !strings.HasSuffix(fmt.Sprint(valueAt(v, "playback", "url")), "/index.m3u8") || valueAt(v, "playback", "width") != 1920.0 || valueAt(v, "isPreview") != true ||
		fmt.Sprint(fieldValues(valueAt(v, "playback", "captions"), "language")) != "[pt-BR en]" {
		t.Errorf("response %s", got.body)
	}
	id := valueAt(v, "id")
	for _, step := range []struct {
		name    string
		changes []any
		preview bool
		suffix  string // of the URL
	}{
		{"a change of the title", []any{"title", "X"}, true, "/index.m3u8"},
		{"no preview", []any{"isPreview", false}, false, "/index.m3u8"},
		{"isPreview null", []any{"isPreview", nil}, false, "/index.m3u8"},
		{"other files", []any{"media", map[string]any{"path": "two/clip.mp4"}}, false, "/clip.mp4"},
		{"no files", []any{"media", nil}, false, "<nil>"},
	} {
		got := s.execute(t, s.instructor, update, inputVariables(append([]any{"id", id}, step.changes...)...))
		wantUserErrors(t, got, "updateVideo")
		v := got.At("updateVideo", "video")
		if valueAt(v, "isPreview") != step.preview || !strings.HasSuffix(fmt.Sprint(valueAt(v, "playback", "url")), step.suffix) {
			t.Errorf("%s: response %s", step.name, got.body)
		}
	}
}

func TestRejectedMedia(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	caption := map[string]any{"language": "en", "label": "English", "path": "a/en.vtt"}
	for name, tt := range map[string]struct {
		change map[string]any
		field  string
	}{
		"a directory above":      {map[string]any{"path": "../a/b.mp4"}, "path"},
		"a directory above a":    {map[string]any{"path": "a/../../b.mp4"}, "path"},
		"a scheme":               {map[string]any{"path": "https://example.com/b.mp4"}, "path"},
		"an absolute path":       {map[string]any{"path": "/a/b.mp4"}, "path"},
		"an empty segment":       {map[string]any{"path": "a//b.mp4"}, "path"},
		"a dot":                  {map[string]any{"path": "a/./b.mp4"}, "path"},
		"no directory":           {map[string]any{"path": "b.mp4"}, "path"},
		"an escape":              {map[string]any{"path": "a/%2e%2e/b.mp4"}, "path"},
		"a backslash":            {map[string]any{"path": `a\b.mp4`}, "path"},
		"a line end":             {map[string]any{"path": "a/b.mp4\n"}, "path"},
		"a query":                {map[string]any{"path": "a/b.mp4?x"}, "path"},
		"an umlaut":              {map[string]any{"path": "a/ä.mp4"}, "path"},
		"nothing":                {map[string]any{"path": ""}, "path"},
		"a long path":            {map[string]any{"path": "a/" + strings.Repeat("b", 500) + ".mp4"}, "path"},
		"a picture as the video": {map[string]any{"path": "a/b.jpg"}, "path"},
		"a video as the picture": {map[string]any{"poster": "a/b.mp4"}, "poster"},
		"a width of 0":           {map[string]any{"width": 0}, "width"},
		"a height of 16,385":     {map[string]any{"height": 16385}, "height"},
		"a language twice":       {map[string]any{"captions": []any{caption, caption}}, "captions 1 language"},
		"an unknown language":    {map[string]any{"captions": []any{map[string]any{"language": "?", "label": "X", "path": "a/en.vtt"}}}, "captions 0 language"},
		"no label":               {map[string]any{"captions": []any{map[string]any{"language": "en", "label": "", "path": "a/en.vtt"}}}, "captions 0 label"},
		"captions in a text":     {map[string]any{"captions": []any{map[string]any{"language": "en", "label": "X", "path": "a/en.txt"}}}, "captions 0 path"},
	} {
		files := map[string]any{"path": "a/b.mp4"}
		for k, v := range tt.change {
			files[k] = v
		}
		got := s.execute(t, s.instructor, updateVideoMutation, inputVariables("id", globalID(edu.KindVideo, s.video), "media", files))
		problems, _ := got.At("updateVideo", "userErrors").([]any)
		if len(problems) != 1 || valueAt(problems[0], "code") != "INVALID" || fmt.Sprint(valueAt(problems[0], "field")) != "[input media "+tt.field+"]" {
			t.Errorf("%s: response %s", name, got.body)
		}
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM videos WHERE media IS NOT NULL"); n != 0 {
		t.Errorf("%d videos have files", n)
	}
}
