package store_test

import (
	"sync"
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Concurrent changes of different preferences are all stored.
func TestUpdatePreferencesConcurrently(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	exec(t, db, `UPDATE users SET preferences = '{"theme": "dark", "beta": true}'`)
	var wg sync.WaitGroup
	for _, c := range []store.PreferenceChanges{{Locale: ptr("de-CH")}, {EmailNotifications: ptr(false)}, {PlaybackSpeed: ptr(1.5)}, {}} {
		wg.Go(func() {
			if err := s.UpdatePreferences(t.Context(), v, c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	const want = `{"beta": true, "theme": "dark", "locale": "de-CH", "playbackSpeed": 1.5, "emailNotifications": false}`
	if got := value[string](t, db, "SELECT preferences FROM users"); got != want {
		t.Errorf("preferences are %s, want %s", got, want)
	}
}
