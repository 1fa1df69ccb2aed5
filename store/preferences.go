package store

import (
	"context"
	"encoding/json"

	"github.com/7p-education/api/edu"
)

// PreferenceChanges are the preferences to change; nil leaves one as it is.
type PreferenceChanges struct {
	Locale             *string  `json:"locale,omitempty"`
	Theme              *string  `json:"theme,omitempty"`
	EmailNotifications *bool    `json:"emailNotifications,omitempty"`
	PlaybackSpeed      *float64 `json:"playbackSpeed,omitempty"`
}

// UpdatePreferences changes some of the viewer's preferences. The merge is the
// database's, so that two changes at once keep both.
func (s *Store) UpdatePreferences(ctx context.Context, v edu.Viewer, c PreferenceChanges) error {
	changes, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.WriteInTx(ctx, func(tx *Tx) error {
		q := newStatement("UpdatePreferences", "UPDATE users SET preferences = preferences || ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(changes), "::jsonb WHERE id = ", q.bindArg(v.ID)).buildQuery(nil))
	})
}
