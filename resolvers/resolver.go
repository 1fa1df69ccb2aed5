// Package resolvers resolves the fields of the schema. A resolver validates its arguments, checks a
// policy, and calls a loader or the store.
//
// The linter (depguard) allows no imports of SQL, Redis or HTTP here.
package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/media"
	"github.com/7p-education/api/loaders"
)

// Resolver is the root of all resolvers. The loaders of an operation are in its context; Resolver holds
// the state that operations share: slug hints and the dependencies of sessions.
type Resolver struct {
	slugHints *otter.Cache[string, edu.Course]
	sessions  SessionOptions
	media     *media.Signer // nil without a media server
	passwords *auth.PasswordHasher
}

// Options holds what resolvers need besides the database.
type Options struct {
	Sessions SessionOptions
	// Media signs the URLs of videos. It is nil if there is no media server.
	Media *media.Signer
}

// maxSlugHints is the capacity of the slug hints.
const maxSlugHints = 4096

// New returns a Resolver.
func New(o Options) *Resolver {
	slugs := otter.Must(&otter.Options[string, edu.Course]{MaximumSize: maxSlugHints})
	return &Resolver{slugHints: slugs, sessions: o.Sessions, media: o.Media, passwords: auth.NewPasswordHasher()}
}

// prefetchBySlug prefetches the selection of a course together with the course itself, if a hint says
// which course the slug belongs to. This saves a round trip. The prefetched values are keyed by the
// course's id, so they are not used if the slug belongs to another course by now.
func (r *Resolver) prefetchBySlug(pf *prefetcher, slug string, sel ast.SelectionSet) {
	if c, ok := r.slugHints.GetIfPresent(slug); ok {
		pf.walkCourses([]*edu.Course{&c}, sel)
	}
}

// storeSlugHint stores which course a slug belongs to, for prefetchBySlug.
func (r *Resolver) storeSlugHint(slug string, c *edu.Course) {
	r.slugHints.Set(slug, edu.Course{ID: c.ID, InstructorID: c.InstructorID, CategoryID: c.CategoryID, Published: c.Published})
}

// currentSelection returns the selection set of the field that is being resolved.
func currentSelection(ctx context.Context) ast.SelectionSet {
	return graphql.GetFieldContext(ctx).Field.Selections
}

// ownerOnlyError returns the error of a field that only the user and admins may read.
func ownerOnlyError(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is visible only to the user and to admins", field)
}

// instructorOnlyError returns the error of a field that only the course's instructor and admins may read.
func instructorOnlyError(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is visible only to the course's instructor and to admins", field)
}

// requireIDOrSlug returns an error unless exactly one of id and slug is set.
func requireIDOrSlug(field string, id *edu.ID, slug *string) error {
	if (id == nil) == (slug == nil) {
		return edu.Errorf(edu.BadUserInput, "%s requires exactly one of id and slug", field)
	}
	return nil
}

// loadCourse returns the course of the current field, with the columns that the field selects.
func loadCourse(ctx context.Context, id int64) (*edu.Course, error) {
	key := courseEntityKey(graphql.GetOperationContext(ctx), currentSelection(ctx))
	return loaders.FromContext(ctx).Course.Load(ctx, key(id))
}

// loadUser returns the user of the current field, with the columns that the field selects.
func loadUser(ctx context.Context, id int64) (*edu.User, error) {
	l := loaders.FromContext(ctx)
	key := userEntityKey(graphql.GetOperationContext(ctx), currentSelection(ctx), l.Viewer)
	return l.User.Load(ctx, key(id))
}

// loadSelectedUser prefetches a selection on a user and returns the user.
func loadSelectedUser(ctx context.Context, id int64, sel ast.SelectionSet) (*edu.User, error) {
	pf := newPrefetcher(ctx)
	pf.walkUsers([]int64{id}, sel)
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	return pf.loaders.User.Load(ctx, userEntityKey(pf.op, sel, pf.loaders.Viewer)(id))
}

// loadPrivateFields returns the fields that only the user and admins may read, or ownerOnlyError for
// other viewers.
func loadPrivateFields(ctx context.Context, u *edu.User, field string) (*edu.UserPrivate, error) {
	l := loaders.FromContext(ctx)
	if !l.Viewer.CanAccessUser(u.ID) {
		return nil, ownerOnlyError(field)
	}
	if u.Private == nil {
		var err error
		if u, err = l.User.Load(ctx, loaders.EntityKey{ID: u.ID, Columns: edu.UserPrivateColumns}); err != nil {
			return nil, err
		}
		if u == nil {
			return nil, edu.Errorf(edu.NotFound, "the user was deleted")
		}
	}
	return u.Private, nil
}

// platformParentID is the parent key of the platform's lists and figures, which belong to no user.
const platformParentID = 0

// loadTopCourses returns the courses with the most enrollments of an instructor, or of the platform.
func loadTopCourses(ctx context.Context, parent int64, first int) ([]*edu.Course, error) {
	args, err := courseListArgs(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field, first)
	if err != nil {
		return nil, err
	}
	return loaders.FromContext(ctx).TopCourses.Load(ctx, parentKeyFor(args)(parent))
}
