package main

import (
	"reflect"
	"testing"

	"github.com/7p-education/api/bench/catalogue"
)

// The catalogue is the same each time, and each judged query has a right course in it.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	courses := catalogue.Generate(catalogueSize)
	if len(courses) < 3000 || !reflect.DeepEqual(courses, catalogue.Generate(catalogueSize)) {
		t.Errorf("%d courses, or others the second time", len(courses))
	}
	judged, err := readJudged(courses)
	if err != nil || len(judged) < 150 {
		t.Errorf("%d judged queries: %v", len(judged), err)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	q := judgedQuery{right: map[string]bool{"a": true, "b": true}}
	var f figures
	for i, found := range [][]string{{"a", "b"}, {"x", "b"}, {"1", "2", "3", "4", "5", "a"}, nil} {
		if hit := f.add(q, found); hit != (i < 2) {
			t.Errorf("%v is a hit: %v", found, hit)
		}
	}
	if want := "| kind | 4 | 0.25 | 0.50 | 0.50 | 0.25 |\n"; f.row("kind") != want {
		t.Errorf("%q, want %q", f.row("kind"), want)
	}
}
