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
	var id int64
	err = s.writeRow(ctx, userRow(v.ID), func(tx *Tx) error {
		id = 0
		q := newStatement("UpdatePreferences", "UPDATE users SET preferences = preferences || ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(changes), "::jsonb WHERE id = ", q.bindArg(v.ID), " RETURNING id").buildQuery(scanInt64(&id)))
	})
	if err == nil && id == 0 {
		err = errAccountDeleted
	}
	return err
}
