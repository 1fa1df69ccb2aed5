package store

import (
	"context"
	"encoding/json"

	"github.com/7p-education/api/edu"
)

// PreferenceChanges holds the preferences to change. A nil field leaves its preference as it is.
type PreferenceChanges struct {
	Locale             *string  `json:"locale,omitempty"`
	Theme              *string  `json:"theme,omitempty"`
	EmailNotifications *bool    `json:"emailNotifications,omitempty"`
	PlaybackSpeed      *float64 `json:"playbackSpeed,omitempty"`
}

// UpdatePreferences changes some preferences of the viewer. The database merges them, so that
// concurrent changes of different preferences are both stored.
func (s *Store) UpdatePreferences(ctx context.Context, v edu.Viewer, c PreferenceChanges) error {
	changes, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.updateViewer(ctx, v, func() *statement {
		q := newStatement("UpdatePreferences", "UPDATE users SET preferences = preferences || ")
		return q.addSQL(q.bindArg(changes), "::jsonb")
	})
}
