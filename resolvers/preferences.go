package resolvers

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/check"
	"github.com/7p-education/api/store"
)

// Limits of preferences. A language tag of 35 characters is as long as RFC 5646
// section 4.4.1 expects any to be.
const (
	maxLocale          = 35
	minSpeed, maxSpeed = 0.25, 4.0
)

// preferenceChanges checks the preferences to change, and keeps them as they
// were sent.
func preferenceChanges(in check.Checker, input graph.UpdatePreferencesInput) store.PreferenceChanges {
	if input.Locale != nil {
		// Parse takes en_US too, which is none of BCP 47.
		if _, err := language.Parse(*input.Locale); err != nil || strings.Contains(*input.Locale, "_") || len(*input.Locale) > maxLocale {
			in.Invalid("locale", "this must be a language tag of BCP 47 such as en or de-CH, of %d characters at most", maxLocale)
		}
	}
	if input.Theme != nil {
		in.OneOf("theme", *input.Theme, "light", "dark", "system")
	}
	if s := input.PlaybackSpeed; s != nil && (*s < minSpeed || *s > maxSpeed) {
		in.Invalid("playbackSpeed", "this must be from %v to %v; it is %v", minSpeed, maxSpeed, *s)
	}
	return store.PreferenceChanges(input)
}
