package resolvers

import (
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/store"
)

// Limits of preferences.
const minPlaybackSpeed, maxPlaybackSpeed = 0.25, 4.0

// validatePreferences validates changes to preferences and returns them as they were sent.
func validatePreferences(in validate.Input, input graph.UpdatePreferencesInput) store.PreferenceChanges {
	if input.Locale != nil {
		validateLanguage(in, "locale", *input.Locale)
	}
	if input.Theme != nil {
		in.ValidateOneOf("theme", *input.Theme, "light", "dark", "system")
	}
	if s := input.PlaybackSpeed; s != nil && (*s < minPlaybackSpeed || *s > maxPlaybackSpeed) {
		in.RejectField("playbackSpeed", "must be from {min} to {max}; it is {actual}", minPlaybackSpeed, maxPlaybackSpeed, *s)
	}
	return store.PreferenceChanges(input)
}
