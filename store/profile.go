package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ProfileChanges holds the fields of a profile to change. A nil field stays as it is; an empty address removes the
// picture.
type ProfileChanges struct{ Name, AvatarURL *string }

// UpdateProfile changes the profile of the viewer. Triggers copy the name of an instructor to the search
// documents of the courses.
func (s *Store) UpdateProfile(ctx context.Context, v edu.Viewer, c ProfileChanges) error {
	return s.updateViewer(ctx, v, func() *statement {
		q := newStatement("UpdateProfile", "UPDATE users SET name = coalesce(")
		return q.addSQL(q.bindArg(c.Name), ", name), avatar_url = nullif(coalesce(", q.bindArg(c.AvatarURL), "::text, avatar_url), '')")
	})
}

// updateViewer runs a statement that updates users, for the row of the viewer.
func (s *Store) updateViewer(ctx context.Context, v edu.Viewer, update func() *statement) error {
	var id int64
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) error {
		id = 0
		q := update()
		return tx.Commit(ctx, q.addSQL(" WHERE id = ", q.bindArg(v.ID), " RETURNING id").buildQuery(scanInt64(&id)))
	})
	if err == nil && id == 0 {
		err = errAccountDeleted
	}
	return err
}
