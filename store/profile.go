package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ProfileChanges holds the fields of a profile to change. A nil field stays as it is.
type ProfileChanges struct{ Name *string }

// UpdateProfile changes the profile of the viewer. Triggers copy the name of an instructor to the search
// documents of the courses.
func (s *Store) UpdateProfile(ctx context.Context, v edu.Viewer, c ProfileChanges) error {
	var id int64
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) error {
		id = 0
		q := newStatement("UpdateProfile", "UPDATE users SET name = coalesce(")
		return tx.Commit(ctx, q.addSQL(q.bindArg(c.Name), ", name) WHERE id = ", q.bindArg(v.ID), " RETURNING id").buildQuery(scanInt64(&id)))
	})
	if err == nil && id == 0 {
		err = errAccountDeleted
	}
	return err
}
