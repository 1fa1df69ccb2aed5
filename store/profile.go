package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ProfileChanges holds the fields of a profile to change. The name stays as it is if nil, the address of the picture
// unless SetAvatar; a nil address removes the picture.
type ProfileChanges struct {
	Name      *string
	SetAvatar bool
	AvatarURL *string
}

// UpdateProfile changes the profile of the viewer. Triggers copy the name of an instructor to the search
// documents of the courses.
func (s *Store) UpdateProfile(ctx context.Context, v edu.Viewer, c ProfileChanges) error {
	var id int64
	err := s.writeRow(ctx, userRow(v.ID), func(tx *Tx) error {
		id = 0
		q := newStatement("UpdateProfile", "UPDATE users SET name = coalesce(")
		q.addSQL(q.bindArg(c.Name), ", name)")
		if c.SetAvatar {
			q.addSQL(", avatar_url = ", q.bindArg(c.AvatarURL))
		}
		return tx.Commit(ctx, q.addSQL(" WHERE id = ", q.bindArg(v.ID), " RETURNING id").buildQuery(scanInt64(&id)))
	})
	if err == nil && id == 0 {
		err = errAccountDeleted
	}
	return err
}
