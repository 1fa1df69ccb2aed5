package edu_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
)

var kinds = []edu.Kind{edu.KindUser, edu.KindCategory, edu.KindCourse, edu.KindVideo, edu.KindEnrollment, edu.KindReview}

func FuzzID(f *testing.F) {
	for i, kind := range kinds {
		f.Add(i, int64(1)<<(i*12), edu.NewID(kind, 7).String())
	}
	f.Add(0, int64(-1), "Q291cnNl\nOjE")
	f.Add(0, int64(0), base64.RawURLEncoding.EncodeToString([]byte("Course:+1")))
	f.Add(0, int64(0), base64.RawURLEncoding.EncodeToString([]byte("Course:01")))
	f.Fuzz(func(t *testing.T, kind int, key int64, text string) {
		if kind >= 0 && kind < len(kinds) && key > 0 {
			id := edu.NewID(kinds[kind], key)
			if parsed, err := edu.ParseID(id.String()); err != nil || parsed != id {
				t.Errorf("%v is parsed as %v, %v", id, parsed, err)
			}
		}
		id, err := edu.ParseID(text)
		if err != nil {
			if !errors.Is(err, edu.BadUserInput) {
				t.Errorf("%q is rejected with %v, want BAD_USER_INPUT", text, err)
			}
			return
		}
		if id.String() != text {
			t.Errorf("%q is parsed, but formatted as %q", text, id.String())
		}
		if id.Key <= 0 {
			t.Errorf("%q has the key %d", text, id.Key)
		}
	})
}

func TestKeyForKind(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		key, err := edu.NewID(kind, 12).KeyForKind(kind)
		if key != 12 || err != nil {
			t.Errorf("key of a %s: %d, %v", kind, key, err)
		}
		for _, other := range kinds {
			if other == kind {
				continue
			}
			_, err := edu.NewID(kind, 12).KeyForKind(other)
			if !errors.Is(err, edu.BadUserInput) || !strings.Contains(err.Error(), string(kind)) || !strings.Contains(err.Error(), string(other)) {
				t.Errorf("a %s for a %s: %v, want BAD_USER_INPUT that names both", kind, other, err)
			}
		}
	}
}

// Messages quote and shorten invalid ids, and never contain invalid UTF-8.
func TestInvalidIDsInMessages(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", strings.Repeat("é", 200), "a\nb\x00c", "\xff\xfe"} {
		_, err := edu.ParseID(text)
		message, jsonErr := json.Marshal(err.Error())
		if len(err.Error()) > 250 || jsonErr != nil || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%q is rejected with %s", text, message)
		}
	}
}
