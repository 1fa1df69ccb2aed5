package resolvers

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/store"
)

// Limits of preferences. A language tag of 35 characters is as long as RFC 5646
// section 4.4.1 expects any to be.
const (
	maxLocaleLength                    = 35
	minPlaybackSpeed, maxPlaybackSpeed = 0.25, 4.0
)

// validatePreferences checks the preferences to change, and keeps them as they
// were sent.
func validatePreferences(in validate.Input, input graph.UpdatePreferencesInput) store.PreferenceChanges {
	if input.Locale != nil {
		// Parse takes en_US too, which is none of BCP 47.
		if _, err := language.Parse(*input.Locale); err != nil || strings.Contains(*input.Locale, "_") || len(*input.Locale) > maxLocaleLength {
			in.RejectField("locale", "this must be a language tag of BCP 47 such as en or de-CH, of %d characters at most", maxLocaleLength)
		}
	}
	if input.Theme != nil {
		in.ValidateOneOf("theme", *input.Theme, "light", "dark", "system")
	}
	if s := input.PlaybackSpeed; s != nil && (*s < minPlaybackSpeed || *s > maxPlaybackSpeed) {
		in.RejectField("playbackSpeed", "this must be from %v to %v; it is %v", minPlaybackSpeed, maxPlaybackSpeed, *s)
	}
	return store.PreferenceChanges(input)
}
