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

// TestUpdatePreferences checks that fields with a value change and fields that are omitted or null stay
// unchanged.
func TestUpdatePreferences(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	now := map[string]any{"locale": "en", "theme": "system", "emailNotifications": true, "playbackSpeed": 1.0}
	for _, input := range []map[string]any{
		{},
		{"theme": "dark"},
		{"locale": "de-CH", "theme": nil},
		{"emailNotifications": false, "playbackSpeed": 0.25},
		{"playbackSpeed": 4},
		{"locale": "ZH-hant-tw"}, // stored as sent
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
		d := s.mustExecute(t, s.student, updatePreferences, map[string]any{"input": input})
		want := map[string]any{"user": map[string]any{"name": "student", "preferences": now}, "userErrors": []any{}}
		if diff := cmp.Diff(want, d["updatePreferences"]); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", input, diff)
		}
	}
	others := queryOne[int](t, s.testAPI, "SELECT count(*) FROM users WHERE id <> $1 AND preferences <> '{}'", s.student.ID)
	if others != 0 {
		t.Errorf("the preferences of %d others changed", others)
	}
}

// TestUpdatePreferencesRejectsInput checks that an invalid preference is reported at its field and that
// none is changed.
func TestUpdatePreferencesRejectsInput(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	for name, tt := range map[string]struct {
		field       string
		value       any
		wantMessage string
	}{
		"a locale that is not a language tag": {"locale", "english!", "BCP 47"},
		"an empty locale":                     {"locale", "", "BCP 47"},
		"a locale with an underscore":         {"locale", "en_US", "BCP 47"},
		"an unknown locale":                   {"locale", "qq-QQ", "BCP 47"},
		"a locale of 36 characters":           {"locale", "en-x-" + strings.Repeat("abcd-", 6) + "a", "35"},
		"a theme in another case":             {"theme", "Dark", "light, dark, system"},
		"an empty theme":                      {"theme", "", "light, dark, system"},
		"a speed below the minimum":           {"playbackSpeed", 0.2499, "from 0.25 to 4"},
		"a speed above the maximum":           {"playbackSpeed", 4.001, "from 0.25 to 4"},
		"a negative speed":                    {"playbackSpeed", -1, "from 0.25 to 4"},
		"a very large speed":                  {"playbackSpeed", 1e300, "from 0.25 to 4"},
	} {
		t.Run(name, func(t *testing.T) {
			input := map[string]any{"emailNotifications": false, tt.field: tt.value}
			p := s.mustExecute(t, s.student, updatePreferences, map[string]any{"input": input})["updatePreferences"]
			problems, _ := valueAt(p, "userErrors").([]any)
			message, _ := valueAt(problems, 0, "message").(string)
			if len(problems) != 1 || valueAt(problems, 0, "code") != "INVALID" || !strings.Contains(message, tt.wantMessage) ||
				!cmp.Equal(valueAt(problems, 0, "field"), any([]any{"input", tt.field})) || valueAt(p, "user") != nil {
				t.Errorf("response %v", p)
			}
		})
	}
	if got := queryOne[string](t, s.testAPI, "SELECT preferences FROM users WHERE id = $1", s.student.ID); got != "{}" {
		t.Errorf("after rejected changes the preferences are %s, want {}", got)
	}
	wantError(t, s.execute(t, s.anonymous, updatePreferences, map[string]any{"input": map[string]any{}}), edu.Unauthenticated)
}
