// Package resolvers turns fields of the schema into calls: arguments are checked,
// a policy is asked, a loader or the store is called.
//
// It must never know of SQL, Redis or HTTP.
package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/loaders"
)

// Resolver is the root of all resolvers. What they read comes with the context:
// the loaders of the operation. Resolver itself keeps hints, and what signing in
// takes besides the database.
type Resolver struct {
	slugHints *lru.Cache[string, edu.Course]
	sessions  SessionOptions
	passwords *auth.PasswordHasher
}

// maxSlugHints is how many slugs are remembered.
const maxSlugHints = 4096

// New makes a Resolver.
func New(s SessionOptions) *Resolver {
	slugs, err := lru.New[string, edu.Course](maxSlugHints)
	if err != nil {
		panic(err) // of a size below 1
	}
	return &Resolver{slugHints: slugs, sessions: s, passwords: auth.NewPasswordHasher()}
}

// prefetchBySlug wants what a course's selection needs, before the course itself is read,
// where it is remembered which course a slug led to: that saves a round trip.
// What is read so is keyed by the course's id. If the slug leads elsewhere by
// now, it is never looked at.
func (r *Resolver) prefetchBySlug(pf *prefetcher, slug string, sel ast.SelectionSet) {
	if c, ok := r.slugHints.Get(slug); ok {
		pf.walkCourses([]*edu.Course{&c}, sel)
	}
}

// storeSlugHint keeps where a slug led, for hint.
func (r *Resolver) storeSlugHint(slug string, c *edu.Course) {
	r.slugHints.Add(slug, edu.Course{ID: c.ID, InstructorID: c.InstructorID, CategoryID: c.CategoryID, Published: c.Published})
}

// currentSelection returns what is selected below the field that is being resolved.
func currentSelection(ctx context.Context) ast.SelectionSet {
	return graphql.GetFieldContext(ctx).Field.Selections
}

// ownerOnlyError and instructorOnlyError are the answers for what belongs to someone else.
func ownerOnlyError(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is for the user alone and for admins", field)
}

func instructorOnlyError(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is for the course's instructor and for admins", field)
}

// requireIDOrSlug checks that exactly one of id and slug was given.
func requireIDOrSlug(field string, id *edu.ID, slug *string) error {
	if (id == nil) == (slug == nil) {
		return edu.Errorf(edu.BadUserInput, "%s takes an id or a slug, exactly one of the two", field)
	}
	return nil
}

// loadCourse loads a course that an edge leads to.
func loadCourse(ctx context.Context, id int64) (*edu.Course, error) {
	detail := courseEntityKey(graphql.GetOperationContext(ctx), currentSelection(ctx))
	return loaders.FromContext(ctx).Course.Load(ctx, detail(id))
}

// loadUser loads a user that an edge leads to.
func loadUser(ctx context.Context, id int64) (*edu.User, error) {
	l := loaders.FromContext(ctx)
	detail := userEntityKey(graphql.GetOperationContext(ctx), currentSelection(ctx), l.Viewer)
	return l.User.Load(ctx, detail(id))
}

// loadSelectedUser reads a user and what is selected of them.
func loadSelectedUser(ctx context.Context, id int64, sel ast.SelectionSet) (*edu.User, error) {
	pf := newPrefetcher(ctx)
	pf.walkUsers([]int64{id}, sel)
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	return pf.loaders.User.Load(ctx, userEntityKey(pf.op, sel, pf.loaders.Viewer)(id))
}

// loadPrivateFields returns what only the user and admins may read, or says who may.
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
	}
	return u.Private, nil
}

// platformParentID is the parent of what belongs to no one.
const platformParentID = 0

// loadTopCourses reads the most taken courses of an instructor, or of the platform.
func loadTopCourses(ctx context.Context, parent int64, first int) ([]*edu.Course, error) {
	t, err := courseListKey(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field, first)
	if err != nil {
		return nil, err
	}
	return loaders.FromContext(ctx).TopCourses.Load(ctx, parentKeyFor(t)(parent))
}
