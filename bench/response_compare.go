package main

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"reflect"
	"strings"
	"time"
)

// compareResponses tells where two answers differ. The order of keys, the spelling of
// numbers and of times do not count; of a highlight, the marks do not: the
// yardstick's are PostgreSQL's ts_headline's, which divides texts into words
// otherwise ("Node.js").
func compareResponses(server, yardstick []byte) error {
	var a, b any
	if err := json.Unmarshal(server, &a); err != nil {
		return fmt.Errorf("the server's answer is not JSON: %w", err)
	}
	if err := json.Unmarshal(yardstick, &b); err != nil {
		return fmt.Errorf("the yardstick's answer is not JSON: %w", err)
	}
	return compareValues("", a, b)
}

func compareValues(path string, a, b any) error {
	differ := fmt.Errorf("%s is %.200v of the server and %.200v of the yardstick", path, a, b)
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return differ
		}
		for key, v := range x {
			if err := compareValues(path+"."+key, v, y[key]); err != nil {
				return err
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return differ
		}
		for i, v := range x {
			if err := compareValues(fmt.Sprintf("%s[%d]", path, i), v, y[i]); err != nil {
				return err
			}
		}
	case float64:
		if y, ok := b.(float64); !ok || math.Abs(x-y) > 1e-9*math.Abs(x) {
			return differ
		}
	case string:
		if y, ok := b.(string); !ok || !equalTexts(path, x, y) {
			return differ
		}
	default:
		if !reflect.DeepEqual(a, b) {
			return differ
		}
	}
	return nil
}

var markRemover = strings.NewReplacer("<mark>", "", "</mark>", "")

func equalTexts(path, a, b string) bool {
	if strings.Contains(path, ".highlight.") {
		return html.UnescapeString(markRemover.Replace(a)) == html.UnescapeString(markRemover.Replace(b))
	}
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
