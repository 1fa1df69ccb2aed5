package resolvers_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/7p-education/api/bench/catalogue"
	"github.com/7p-education/api/edu"
)

// catalogueFile returns a file of n rows, as a spreadsheet exports it: courses in six languages.
func catalogueFile(t *testing.T, n int) []byte {
	t.Helper()
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"title", "description", "tags", "difficulty", "price", "minutes", "language"}}
	for i, c := range catalogue.Generate(n) {
		rows = append(rows, []string{
			c.Title, c.Description, strings.Join(c.Tags, ";"), []string{"BEGINNER", "INTERMEDIATE", "ADVANCED"}[i%3],
			[]string{"0", "19.9", "49.90"}[i%3], strconv.Itoa(30 + i%600), c.Language,
		})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// readCourseFile returns the input of importCourses for the rows of a file, in their order.
func readCourseFile(t *testing.T, file []byte) (list []map[string]any) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		minutes, err := strconv.Atoi(row[5])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, map[string]any{
			"title": row[0], "description": row[1], "tags": strings.Split(row[2], ";"), "difficulty": row[3],
			"priceAmount": row[4], "durationSeconds": 60 * minutes, "language": row[6], "categoryId": globalID(edu.KindCategory, 1),
		})
	}
	return list
}

// A file of 5,000 rows is rejected with the number of each bad row and what is wrong with it, then imported as a
// whole, and its courses are found.
func TestImportFile(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	list := readCourseFile(t, catalogueFile(t, 5000))
	importRejectsRows(t, s, list)
	got := s.execute(t, s.instructor, importMutation, courseListVariables(list...))
	wantUserErrors(t, got, "importCourses")
	if got.At("importCourses", "importedCount") != 5000.0 {
		t.Fatalf("response %s", got.body)
	}
	ids := queryColumn[int64](t, s.testAPI, "SELECT id FROM courses WHERE id > $1 ORDER BY id", s.draft)
	var batch []string
	for _, id := range ids[:100] {
		batch = append(batch, globalID(edu.KindCourse, id))
	}
	published := s.execute(t, s.instructor, "mutation($ids: [ID!]!) { publishCourses(ids: $ids) { courses { published } userErrors { code message field } } }", map[string]any{"ids": batch})
	wantUserErrors(t, published, "publishCourses")
	s.exec(t, "UPDATE courses SET published = true, published_at = now() WHERE NOT published AND id > $1", s.draft)
	findImported(t, s)
}

// importRejectsRows imports the rows with one more of each kind of mistake, each in a row of its own.
func importRejectsRows(t *testing.T, s fixture, list []map[string]any) {
	t.Helper()
	rows := slices.Clone(list)
	var want []string
	for i, bad := range []struct {
		field, code, at string
		value           any
	}{
		{"title", "INVALID", "title", " "},
		{"title", "INVALID", "title", strings.Repeat("long ", 41)},
		{"title", "INVALID", "title", "Two\nlines"},
		{"description", "INVALID", "description", strings.Repeat("a", 20_001)},
		{"tags", "INVALID", "tags", slices.Repeat([]string{"a", "b", "c"}, 7)},
		{"tags", "INVALID", "tags.1", []string{"sql", strings.Repeat("a", 51)}},
		{"priceAmount", "INVALID", "priceAmount", "-1"},
		{"priceAmount", "INVALID", "priceAmount", "1.005"},
		{"durationSeconds", "INVALID", "durationSeconds", -60},
		{"language", "INVALID", "language", "English, mostly"},
		{"thumbnailUrl", "INVALID", "thumbnailUrl", "picture.png"},
		{"categoryId", "INVALID", "categoryId", globalID(edu.KindUser, 1)},
	} {
		row := 11 + 383*i
		rows[row] = maps.Clone(rows[row])
		rows[row][bad.field] = bad.value
		want = append(want, fmt.Sprintf("%s input.courses.%d.%s", bad.code, row, bad.at))
	}
	wantUserErrors(t, s.execute(t, s.instructor, importMutation, courseListVariables(rows...)), "importCourses", want...)
	rows = slices.Clone(list)
	rows[4999] = maps.Clone(rows[4999])
	rows[4999]["categoryId"] = globalID(edu.KindCategory, 99)
	wantUserErrors(t, s.execute(t, s.instructor, importMutation, courseListVariables(rows...)), "importCourses", "NOT_FOUND input.courses.4999.categoryId")
	for field, value := range map[string]any{"difficulty": "MASTER", "priceAmount": "free"} { // values that are none of the type
		rows[4999] = maps.Clone(list[4999])
		rows[4999][field] = value
		rejected := s.execute(t, s.instructor, importMutation, courseListVariables(rows...))
		wantError(t, rejected, edu.BadUserInput)
		if !strings.Contains(string(rejected.body), "$courses[4999]."+field) {
			t.Errorf("the error of %s %q does not name the row: %.300s", field, value, rejected.body)
		}
	}
	if n := s.countRows(t, "courses"); n != 2 {
		t.Errorf("%d courses after rejected imports, want the 2 of the fixture", n)
	}
}

// findImported searches for imported courses in the ways in which people type.
func findImported(t *testing.T, s fixture) {
	t.Helper()
	for _, c := range []struct{ query, filter, title string }{
		{"introduccion estadistica", "", "Introducción a Estadística: teoría y práctica"},
		{"STRASSENFOTOGRAFIE koln", "", "Straßenfotografie in Köln"},
		{"c++", "", "C++"},
		{"kuberne operat", "", "Kubernetes"},
		{"node js", "", "Node.js"},
		{"機械学習", "", "機械学習"},
		{"машинное обуч", "", "Машинное обучение"},
		{"", `tags: ["C++"]`, "C++"},
		{"python", `languages: ["ru"]`, "Программирование на Python"},
		{"quantum poets", `languages: ["en"], maxDurationSeconds: 50000`, "Quantum Computing for Poets"},
		{"pyhton", "", ""}, // corrected below
	} {
		found := s.mustExecute(t, s.anonymous, fmt.Sprintf("query($q: String!) { searchCourses(query: $q, filter: {%s}, first: 5) { totalCount didYouMean nodes { title } } }", c.filter), map[string]any{"q": c.query})
		if c.title == "" {
			if valueAt(found, "searchCourses", "didYouMean") != "python" {
				t.Errorf("%q: %v, want the correction python", c.query, found)
			}
		} else if title := fmt.Sprint(valueAt(found, "searchCourses", "nodes", 0, "title")); !strings.Contains(title, c.title) {
			t.Errorf("%q with %q: first %q of %v, want a title with %q", c.query, c.filter, title, found, c.title)
		}
	}
	found := s.mustExecute(t, s.anonymous, `{ suggest(prefix: "straßenf", first: 1) { kind text } searchCourses(query: "") { totalCount facets { languages { language count } } } }`, nil)
	if valueAt(found, "suggest", 0, "text") != "Straßenfotografie in Köln" {
		t.Errorf("suggestions %v, want Straßenfotografie in Köln", found["suggest"])
	}
	if valueAt(found, "searchCourses", "totalCount") != 5001.0 || valueAt(found, "searchCourses", "facets", "languages", 0, "language") != "en" {
		t.Errorf("all courses: %v, want 5,001, most in English", found["searchCourses"])
	}
}
