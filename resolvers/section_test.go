package resolvers_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const (
	sectionFields         = `{ id title position videosCount durationSeconds videos { title section { id } } course { updatedAt } }`
	addSectionMutation    = `mutation($input: AddSectionInput!) { addSection(input: $input) { section ` + sectionFields + ` userErrors { code message field } } }`
	updateSectionMutation = `mutation($input: UpdateSectionInput!) { updateSection(input: $input) { section ` + sectionFields + ` userErrors { code message field } } }`
	deleteSectionMutation = `mutation($input: DeleteSectionInput!) { deleteSection(input: $input) {
		course { sections { title } } userErrors { code message field } } }`
	reorderSectionsMutation = `mutation($input: ReorderSectionsInput!) { reorderSections(input: $input) {
		course { sections { title videos { title } } } userErrors { code message field } } }`
)

// outline returns the sections of a course with their videos, after the videos without a section:
// "Zero | A: One Two | B:". It checks that sections, videos and Video.section agree.
func (s fixture) outline(t *testing.T, course int64) string {
	t.Helper()
	data := s.mustExecute(t, s.admin, `query($id: ID) { course(id: $id) {
		sections { title position videosCount durationSeconds videos { title durationSeconds } } videos(first: 100) { nodes { title position section { title } } } } }`,
		map[string]any{"id": globalID(edu.KindCourse, course)})
	bySection, byVideo := []string{}, map[string]string{}
	for _, v := range valueAt(data, "course", "videos", "nodes").([]any) {
		title := fmt.Sprint(valueAt(v, "section", "title"))
		byVideo[title] += " " + fmt.Sprint(valueAt(v, "title"))
	}
	bySection = append(bySection, strings.TrimSpace(byVideo["<nil>"]))
	for i, section := range valueAt(data, "course", "sections").([]any) {
		title, videos := fmt.Sprint(valueAt(section, "title")), fieldValues(valueAt(section, "videos"), "title")
		seconds := 0.0
		for j := range videos {
			seconds += valueAt(section, "videos", j, "durationSeconds").(float64)
		}
		if fmt.Sprint(videos) != fmt.Sprint(strings.Fields(byVideo[title])) || valueAt(section, "position") != float64(i+1) ||
			valueAt(section, "videosCount") != float64(len(videos)) || valueAt(section, "durationSeconds") != seconds {
			t.Errorf("section %v, but the videos say %q", section, byVideo[title])
		}
		bySection = append(bySection, strings.TrimSpace(title+": "+strings.Join(videos, " ")))
	}
	return strings.TrimSpace(strings.Join(bySection, " | "))
}

// addSections adds sections that begin at positions of the course's videos, and returns their global ids.
func (s fixture) addSections(t *testing.T, first map[string]int) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for i, title := range slices.Sorted(maps.Keys(first)) {
		key := queryOne[int64](t, s.testAPI, "INSERT INTO sections (course_id, title, position, first_position) VALUES ($1, $2, $3, $4) RETURNING id", s.course, title, i+1, first[title])
		ids[title] = globalID(edu.KindSection, key)
	}
	return ids
}

// wantOutline checks the outline of the published course.
func (s fixture) wantOutline(t *testing.T, want string) {
	t.Helper()
	if got := s.outline(t, s.course); got != want {
		t.Errorf("outline %s, want %s", got, want)
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.addVideos(t, "Two", "Three")
	course := globalID(edu.KindCourse, s.course)
	add := func(title string, position any) string {
		t.Helper()
		got := s.execute(t, s.instructor, addSectionMutation, inputVariables("courseId", course, "title", title, "position", position))
		wantUserErrors(t, got, "addSection")
		return fmt.Sprint(got.At("addSection", "section", "id"))
	}
	b := add("B", nil)
	a := add("A", 1)
	s.exec(t, "UPDATE courses SET updated_at = '2026-01-01'")
	got := s.execute(t, s.instructor, addSectionMutation, inputVariables("courseId", course, "title", "Zwo\u0308lf"))
	section := got.At("addSection", "section")
	if valueAt(section, "title") != "Zwölf" || valueAt(section, "position") != 3.0 || valueAt(section, "course", "updatedAt") == "2026-01-01T00:00:00Z" {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, totals, sections – move, insert, touch, COMMIT – section – course, policy, videos – sections.
	if got.cost.Statements > 14 || got.cost.RoundTrips > 5 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want at most 14 statements in 5 round trips", got.cost)
	}
	s.wantOutline(t, "One Two Three | A: | B: | Zwölf:")

	// A video after the others is in the last section, one at a position in that of the video there.
	addVideo := func(changes map[string]any) {
		t.Helper()
		wantUserErrors(t, s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, changes)), "addVideo")
	}
	addVideo(map[string]any{"title": "Last"})
	addVideo(map[string]any{"title": "A1", "sectionId": a})
	addVideo(map[string]any{"title": "B1", "sectionId": b})
	addVideo(map[string]any{"title": "A0", "position": 4})
	addVideo(map[string]any{"title": "A2", "sectionId": a, "position": 6})
	addVideo(map[string]any{"title": "Zero", "position": 1})
	s.wantOutline(t, "Zero One Two Three | A: A0 A1 A2 | B: B1 | Zwölf: Last")

	got = s.execute(t, s.instructor, updateSectionMutation, inputVariables("id", b, "title", "Bee"))
	wantUserErrors(t, got, "updateSection")
	if got.At("updateSection", "section", "title") != "Bee" || got.At("updateSection", "section", "videos", 0, "title") != "B1" || got.At("updateSection", "section", "videos", 0, "section", "id") != b {
		t.Errorf("response %s", got.body)
	}
	wantUserErrors(t, s.execute(t, s.instructor, updateSectionMutation, inputVariables("id", b)), "updateSection")

	last := fmt.Sprint(valueAt(section, "id"))
	got = s.execute(t, s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", []any{last, a, b}))
	wantUserErrors(t, got, "reorderSections")
	if titles := fieldValues(got.At("reorderSections", "course", "sections"), "title"); fmt.Sprint(titles) != "[Zwölf A Bee]" {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, the videos, the sections – both, touch, COMMIT – course – sections, videos.
	if got.cost.Statements != 11 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 11 statements in 4 round trips", got.cost)
	}
	s.wantOutline(t, "Zero One Two Three | Zwölf: Last | A: A0 A1 A2 | Bee: B1")
	if titles := s.videoTitles(t, s.course); titles != "Zero One Two Three Last A0 A1 A2 B1" {
		t.Errorf("videos %s", titles)
	}

	// The videos of a deleted section join the section before it; those of the first one have none.
	for _, c := range [][2]string{{a, "Zero One Two Three | Zwölf: Last A0 A1 A2 | Bee: B1"}, {last, "Zero One Two Three Last A0 A1 A2 | Bee: B1"}, {b, "Zero One Two Three Last A0 A1 A2 B1"}} {
		wantUserErrors(t, s.execute(t, s.instructor, deleteSectionMutation, inputVariables("id", c[0])), "deleteSection")
		s.wantOutline(t, c[1])
		if got := s.execute(t, s.instructor, "query($id: ID!) { node(id: $id) { id } }", map[string]any{"id": c[0]}); got.At("node") != nil {
			t.Errorf("response %s, want no deleted section", got.body)
		}
		wantUserErrors(t, s.execute(t, s.instructor, deleteSectionMutation, inputVariables("id", c[0])), "deleteSection", "NOT_FOUND input.id")
	}
}

func TestSectionRejections(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.addVideos(t, "Two")
	ids := s.addSections(t, map[string]int{"A": 1, "B": 2})
	course, video, draftSection := globalID(edu.KindCourse, s.course), globalID(edu.KindVideo, s.video), globalID(edu.KindSection, s.draftSection)
	videos := s.queryIDs(t, edu.KindVideo, "SELECT id FROM videos WHERE course_id = $1 ORDER BY position", s.course)
	before := s.outline(t, s.course)
	for name, c := range map[string]struct {
		as       edu.Viewer
		mutation string
		input    map[string]any
		want     []string
	}{
		"a blank title":                     {s.instructor, addSectionMutation, inputVariables("courseId", course, "title", " "), []string{"INVALID input.title"}},
		"a title of 201 characters":         {s.instructor, addSectionMutation, inputVariables("courseId", course, "title", strings.Repeat("é", 201)), []string{"INVALID input.title"}},
		"a position past the end":           {s.instructor, addSectionMutation, inputVariables("courseId", course, "title", "X", "position", 4), []string{"INVALID input.position"}},
		"position 0":                        {s.instructor, addSectionMutation, inputVariables("courseId", course, "title", "X", "position", 0), []string{"INVALID input.position"}},
		"an unknown course":                 {s.instructor, addSectionMutation, inputVariables("courseId", globalID(edu.KindCourse, 99), "title", "X"), []string{"NOT_FOUND input.courseId"}},
		"another's course":                  {s.otherInstructor, addSectionMutation, inputVariables("courseId", course, "title", "X"), []string{"FORBIDDEN input.courseId"}},
		"an unknown section":                {s.instructor, updateSectionMutation, inputVariables("id", globalID(edu.KindSection, 999), "title", "X"), []string{"NOT_FOUND input.id"}},
		"another's section":                 {s.otherInstructor, updateSectionMutation, inputVariables("id", ids["A"], "title", "X"), []string{"FORBIDDEN input.id"}},
		"a section of another's draft":      {s.otherInstructor, deleteSectionMutation, inputVariables("id", draftSection), []string{"NOT_FOUND input.id"}},
		"the id of a course":                {s.instructor, deleteSectionMutation, inputVariables("id", course), []string{"INVALID input.id"}},
		"a section is missing":              {s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", []any{ids["B"]}), []string{"INVALID input.sectionIds"}},
		"a section twice":                   {s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", []any{ids["B"], ids["B"]}), []string{"INVALID input.sectionIds"}},
		"101 sections":                      {s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", slices.Repeat([]any{ids["A"]}, 101)), []string{"INVALID input.sectionIds"}},
		"the id of a video":                 {s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", []any{ids["B"], video}), []string{"INVALID input.sectionIds.1"}},
		"sections of another's course":      {s.otherInstructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", []any{ids["B"], ids["A"]}), []string{"FORBIDDEN input.courseId"}},
		"a new video in another's section":  {s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"sectionId": draftSection}), []string{"NOT_FOUND input.sectionId"}},
		"a new video outside its section":   {s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"sectionId": ids["A"], "position": 3}), []string{"INVALID input.position"}},
		"a new video with an invalid id":    {s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"sectionId": course}), []string{"INVALID input.sectionId"}},
		"a video into another's section":    {s.instructor, updateVideoMutation, inputVariables("id", video, "title", "X", "sectionId", draftSection), []string{"NOT_FOUND input.sectionId"}},
		"a video into no section's id":      {s.instructor, updateVideoMutation, inputVariables("id", video, "sectionId", course), []string{"INVALID input.sectionId"}},
		"videos with too few sections":      {s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videos, "sectionIds", []any{nil}), []string{"INVALID input.sectionIds"}},
		"videos with no sections":           {s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videos, "sectionIds", []any{}), []string{"INVALID input.sectionIds"}},
		"videos with sections out of order": {s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videos, "sectionIds", []any{ids["B"], ids["A"]}), []string{"INVALID input.sectionIds.1"}},
		"videos with others' sections":      {s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videos, "sectionIds", []any{nil, draftSection}), []string{"NOT_FOUND input.sectionIds.1"}},
		"videos with invalid sections":      {s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", videos, "sectionIds", []any{"x", course}), []string{"INVALID input.sectionIds.0", "INVALID input.sectionIds.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, rest, _ := strings.Cut(c.mutation, "{ ")
			field, _, _ := strings.Cut(rest, "(")
			wantUserErrors(t, s.execute(t, c.as, c.mutation, c.input), field, c.want...)
		})
	}
	s.wantOutline(t, before)
	s.exec(t, "INSERT INTO sections (course_id, title, position, first_position) SELECT $1, n::text, n, 2 FROM generate_series(3, 100) n", s.course)
	got := s.execute(t, s.instructor, addSectionMutation, inputVariables("courseId", course, "title", "X"))
	wantUserErrors(t, got, "addSection", "INVALID input.courseId")
	if message := fmt.Sprint(got.At("addSection", "userErrors", 0, "message")); !strings.Contains(message, "100") {
		t.Errorf("message %q, want one with the limit of 100", message)
	}
}

// Videos move between sections by updateVideo and reorderVideos. Clients that know no sections still reorder videos.
func TestVideosMoveBetweenSections(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	v := s.addVideos(t, "Two", "Three", "Four", "Five")
	ids := s.addSections(t, map[string]int{"A": 2, "B": 4, "C": 4})
	s.wantOutline(t, "One | A: Two Three | B: | C: Four Five")
	for _, c := range []struct {
		video   int64
		section any
		want    string
	}{
		{v[4], ids["B"], "One | A: Two Three | B: Five | C: Four"},
		{v[0], ids["A"], "| A: Two Three One | B: Five | C: Four"},
		{v[1], ids["A"], "| A: Two Three One | B: Five | C: Four"}, // there already
		{v[3], nil, "Four | A: Two Three One | B: Five | C:"},
	} {
		got := s.execute(t, s.instructor, updateVideoMutation, inputVariables("id", globalID(edu.KindVideo, c.video), "sectionId", c.section))
		wantUserErrors(t, got, "updateVideo")
		s.wantOutline(t, c.want)
		if position := queryOne[int](t, s.testAPI, "SELECT position FROM videos WHERE id = $1", c.video); got.At("updateVideo", "video", "position") != float64(position) {
			t.Errorf("response %s, want position %d", got.body, position)
		}
	}
	reorder := func(sections any, order ...int64) {
		t.Helper()
		input := inputVariables("courseId", globalID(edu.KindCourse, s.course), "videoIds", videoIDs(order...), "sectionIds", sections)
		wantUserErrors(t, s.execute(t, s.instructor, reorderVideosMutation, input), "reorderVideos")
		if got := queryColumn[int64](t, s.testAPI, "SELECT id FROM videos WHERE course_id = $1 ORDER BY position", s.course); !slices.Equal(got, order) {
			t.Errorf("videos %v, want %v", got, order)
		}
	}
	reorder([]any{nil, ids["A"], ids["A"], ids["C"], ids["C"]}, v...)
	s.wantOutline(t, "One | A: Two Three | B: | C: Four Five")
	reorder(nil, v[0], v[2], v[1], v[4], v[3])
	s.wantOutline(t, "One | A: Three Two | B: | C: Five Four")
	reorder(nil, v[0], v[2], v[3], v[1], v[4])
	s.wantOutline(t, "One | A: Three Four Two | B: | C: Five")
	wantUserErrors(t, s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, v[3]))), "deleteVideo")
	s.wantOutline(t, "One | A: Three Two | B: | C: Five")
	wantUserErrors(t, s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", globalID(edu.KindVideo, v[0]))), "deleteVideo")
	s.wantOutline(t, "| A: Three Two | B: | C: Five")
}

// Concurrent changes of the sections and videos of a course leave both in order, without gaps.
func TestConcurrentSectionChanges(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.addVideos(t, strings.Fields("Two Three Four Five Six")...)
	s.addSections(t, map[string]int{"A": 2, "B": 4})
	course := globalID(edu.KindCourse, s.course)
	pick := func(r *rand.Rand, kind edu.Kind, table string) string {
		ids := s.queryIDs(t, kind, "SELECT id FROM "+table+" WHERE course_id = $1", s.course)
		return append(ids, globalID(kind, 999))[r.IntN(len(ids)+1)]
	}
	var wait sync.WaitGroup
	for worker := range 7 {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(worker)))
			for i := range 6 {
				var got response
				switch worker {
				case 0:
					got = s.execute(t, s.instructor, addSectionMutation, inputVariables("courseId", course, "title", fmt.Sprint("S", i), "position", 1+r.IntN(2)))
				case 1:
					got = s.execute(t, s.instructor, deleteSectionMutation, inputVariables("id", pick(r, edu.KindSection, "sections")))
				case 2:
					ids := s.queryIDs(t, edu.KindSection, "SELECT id FROM sections WHERE course_id = $1 ORDER BY position DESC", s.course)
					got = s.execute(t, s.instructor, reorderSectionsMutation, inputVariables("courseId", course, "sectionIds", ids))
				case 3:
					got = s.execute(t, s.instructor, updateVideoMutation, inputVariables("id", pick(r, edu.KindVideo, "videos"), "sectionId", pick(r, edu.KindSection, "sections")))
				case 4:
					got = s.execute(t, s.instructor, addVideoMutation, newVideoVariables(s.course, map[string]any{"title": fmt.Sprint("v", i), "sectionId": pick(r, edu.KindSection, "sections")}))
				case 5:
					got = s.execute(t, s.instructor, deleteVideoMutation, inputVariables("id", pick(r, edu.KindVideo, "videos")))
				default:
					ids := s.queryIDs(t, edu.KindVideo, "SELECT id FROM videos WHERE course_id = $1 ORDER BY position DESC", s.course)
					got = s.execute(t, s.instructor, reorderVideosMutation, inputVariables("courseId", course, "videoIds", ids))
				}
				for _, e := range got.Errors {
					t.Errorf("worker %d: %v", worker, fmt.Sprint(e))
				}
			}
		})
	}
	wait.Wait()
	s.videoTitles(t, s.course)
	s.outline(t, s.course)
	if late := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM sections s WHERE course_id = $1 AND first_position > 1 + (SELECT count(*) FROM videos v WHERE v.course_id = s.course_id)", s.course); late != 0 {
		t.Errorf("%d sections begin after the end of the course", late)
	}
}
