package main

import (
	"encoding/json"
	"fmt"
	"html"
	"reflect"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// compareResponses returns an error that shows where the responses of the server and of another
// contender differ. It ignores the order of keys, the spelling of numbers and times, and the marks of
// highlights: the others highlight with PostgreSQL's ts_headline, which splits texts into other words
// ("Node.js"). It also ignores corrections of searches (didYouMean), which only the server computes.
func compareResponses(server, other []byte) error {
	var a, b any
	if err := json.Unmarshal(server, &a); err != nil {
		return fmt.Errorf("the server's response is not JSON: %w", err)
	}
	if err := json.Unmarshal(other, &b); err != nil {
		return fmt.Errorf("the other response is not JSON: %w", err)
	}
	if reflect.DeepEqual(a, b) { // the usual case, which cmp.Diff would take 4 ms for
		return nil
	}
	if diff := cmp.Diff(a, b, responseOptions); diff != "" {
		return fmt.Errorf("the responses differ (- server, + other):\n%s", diff)
	}
	return nil
}

// compareShared returns an error that shows where the values differ that two responses have under the
// same names.
func compareShared(server, other []byte) error {
	var a, b any
	if err := json.Unmarshal(server, &a); err != nil {
		return fmt.Errorf("the server's response is not JSON: %w", err)
	}
	if err := json.Unmarshal(other, &b); err != nil {
		return fmt.Errorf("the other response is not JSON: %w", err)
	}
	return compareSharedValues("", a, b)
}

func compareSharedValues(path string, a, b any) error {
	switch b := b.(type) {
	case map[string]any:
		if a, ok := a.(map[string]any); ok {
			for key, value := range b {
				if own, ok := a[key]; ok {
					if err := compareSharedValues(path+"."+key, own, value); err != nil {
						return err
					}
				}
			}
			return nil
		}
	case []any:
		if a, ok := a.([]any); ok && len(a) == len(b) {
			for i, value := range b {
				if err := compareSharedValues(fmt.Sprintf("%s[%d]", path, i), a[i], value); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if diff := cmp.Diff(a, b, responseOptions); diff != "" {
		return fmt.Errorf("the responses differ at %s (- server, + other):\n%s", path, diff)
	}
	return nil
}

var responseOptions = cmp.Options{
	cmpopts.EquateApprox(1e-9, 0),
	cmp.FilterPath(inHighlight, cmp.Comparer(equalWithoutMarks)),
	cmp.FilterPath(func(p cmp.Path) bool { return !inHighlight(p) }, cmp.Comparer(equalStrings)),
	cmp.FilterPath(func(p cmp.Path) bool { return hasKey(p, "didYouMean") }, cmp.Ignore()),
}

func inHighlight(p cmp.Path) bool { return hasKey(p, "highlight") }

// hasKey reports whether a path leads through a key.
func hasKey(p cmp.Path, name string) bool {
	for _, step := range p {
		if key, ok := step.(cmp.MapIndex); ok && key.Key().String() == name {
			return true
		}
	}
	return false
}

var markRemover = strings.NewReplacer("<mark>", "", "</mark>", "")

func equalWithoutMarks(a, b string) bool {
	return html.UnescapeString(markRemover.Replace(a)) == html.UnescapeString(markRemover.Replace(b))
}

// equalStrings reports whether two strings are equal, or the same time in two time zones.
func equalStrings(a, b string) bool {
	if a == b {
		return true
	}
	at, err := time.Parse(time.RFC3339Nano, a)
	if err != nil {
		return false
	}
	bt, err := time.Parse(time.RFC3339Nano, b)
	return err == nil && at.Equal(bt)
}
