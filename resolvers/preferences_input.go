package resolvers

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/store"
)

// Limits of preferences. RFC 5646, section 4.4.1, expects language tags of at most 35 characters.
const (
	maxLocaleLength                    = 35
	minPlaybackSpeed, maxPlaybackSpeed = 0.25, 4.0
)

// validatePreferences validates changes to preferences and returns them as they were sent.
func validatePreferences(in validate.Input, input graph.UpdatePreferencesInput) store.PreferenceChanges {
	if input.Locale != nil {
		// Parse also accepts en_US, which BCP 47 does not.
		if _, err := language.Parse(*input.Locale); err != nil || strings.Contains(*input.Locale, "_") || len(*input.Locale) > maxLocaleLength {
			in.RejectField("locale", "must be a BCP 47 language tag such as en or de-CH, of at most {max} characters", maxLocaleLength)
		}
	}
	if input.Theme != nil {
		in.ValidateOneOf("theme", *input.Theme, "light", "dark", "system")
	}
	if s := input.PlaybackSpeed; s != nil && (*s < minPlaybackSpeed || *s > maxPlaybackSpeed) {
		in.RejectField("playbackSpeed", "must be from {min} to {max}; it is {actual}", minPlaybackSpeed, maxPlaybackSpeed, *s)
	}
	return store.PreferenceChanges(input)
}
