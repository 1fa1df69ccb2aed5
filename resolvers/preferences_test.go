package resolvers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
)

const updatePreferences = `mutation($input: UpdatePreferencesInput!) { updatePreferences(input: $input) {
	user { name preferences { locale theme emailNotifications playbackSpeed } } userErrors { code message field }
} }`

// What is given changes, what is absent or null stays.
func TestUpdatePreferences(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	now := map[string]any{"locale": "en", "theme": "system", "emailNotifications": true, "playbackSpeed": 1.0}
	for _, input := range []map[string]any{
		{},
		{"theme": "dark"},
		{"locale": "de-CH", "theme": nil},
		{"emailNotifications": false, "playbackSpeed": 0.25},
		{"playbackSpeed": 4},
		{"locale": "ZH-hant-tw"}, // kept as sent
		{"locale": "en", "theme": "light", "emailNotifications": true, "playbackSpeed": 1.25},
	} {
		for name, value := range input {
			if n, ok := value.(int); ok {
				value = float64(n)
			}
			if value != nil {
				now[name] = value
			}
		}
		d := s.data(t, s.student, updatePreferences, map[string]any{"input": input})
		want := map[string]any{"user": map[string]any{"name": "student", "preferences": now}, "userErrors": []any{}}
		if diff := cmp.Diff(want, d["updatePreferences"]); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", input, diff)
		}
	}
	others := one[int](t, s.api, "SELECT count(*) FROM users WHERE id <> $1 AND preferences <> '{}'", s.student.ID)
	if others != 0 {
		t.Errorf("the preferences of %d others changed", others)
	}
}

// One bad preference is told at its field, and none is changed.
func TestUpdatePreferencesRefusals(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, tt := range map[string]struct {
		field string
		value any
		says  string
	}{
		"no tag":        {"locale", "english!", "BCP 47"},
		"empty":         {"locale", "", "BCP 47"},
		"underscore":    {"locale", "en_US", "BCP 47"},
		"unknown":       {"locale", "qq-QQ", "BCP 47"},
		"a long tag":    {"locale", "en-x-" + strings.Repeat("abcd-", 6) + "a", "35"},
		"a theme":       {"theme", "Dark", "light dark system"},
		"no theme":      {"theme", "", "light dark system"},
		"too slow":      {"playbackSpeed", 0.2499, "from 0.25 to 4"},
		"too fast":      {"playbackSpeed", 4.001, "from 0.25 to 4"},
		"backwards":     {"playbackSpeed", -1, "from 0.25 to 4"},
		"a large speed": {"playbackSpeed", 1e300, "from 0.25 to 4"},
	} {
		t.Run(name, func(t *testing.T) {
			input := map[string]any{"emailNotifications": false, tt.field: tt.value}
			p := s.data(t, s.student, updatePreferences, map[string]any{"input": input})["updatePreferences"]
			problems, _ := at(p, "userErrors").([]any)
			message, _ := at(problems, 0, "message").(string)
			if len(problems) != 1 || at(problems, 0, "code") != "INVALID" || !strings.Contains(message, tt.says) ||
				!cmp.Equal(at(problems, 0, "field"), any([]any{"input", tt.field})) || at(p, "user") != nil {
				t.Errorf("answered %v", p)
			}
		})
	}
	if got := one[string](t, s.api, "SELECT preferences FROM users WHERE id = $1", s.student.ID); got != "{}" {
		t.Errorf("refused changes made %s", got)
	}
	wantRefusal(t, s.ask(t, s.nobody, updatePreferences, map[string]any{"input": map[string]any{}}), edu.Unauthenticated)
}
