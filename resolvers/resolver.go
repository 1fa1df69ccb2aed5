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
	slugs     *lru.Cache[string, edu.Course]
	sessions  Sessions
	passwords *auth.Passwords
}

// hints is how many slugs are remembered.
const hints = 4096

// New makes a Resolver.
func New(s Sessions) *Resolver {
	slugs, err := lru.New[string, edu.Course](hints)
	if err != nil {
		panic(err) // of a size below 1
	}
	return &Resolver{slugs: slugs, sessions: s, passwords: auth.NewPasswords()}
}

// hint wants what a course's selection needs, before the course itself is read,
// where it is remembered which course a slug led to: that saves a round trip.
// What is read so is keyed by the course's id. If the slug leads elsewhere by
// now, it is never looked at.
func (r *Resolver) hint(a *ahead, slug string, sel ast.SelectionSet) {
	if c, ok := r.slugs.Get(slug); ok {
		a.courses([]*edu.Course{&c}, sel)
	}
}

// remember keeps where a slug led, for hint.
func (r *Resolver) remember(slug string, c *edu.Course) {
	r.slugs.Add(slug, edu.Course{ID: c.ID, InstructorID: c.InstructorID, CategoryID: c.CategoryID, Published: c.Published})
}

// selection returns what is selected below the field that is being resolved.
func selection(ctx context.Context) ast.SelectionSet {
	return graphql.GetFieldContext(ctx).Field.Selections
}

// notOwn and notTaught are the answers for what belongs to someone else.
func notOwn(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is for the user alone and for admins", field)
}

func notTaught(field string) error {
	return edu.Errorf(edu.Forbidden, "%s is for the course's instructor and for admins", field)
}

// oneOf checks that exactly one of id and slug was given.
func oneOf(field string, id *edu.ID, slug *string) error {
	if (id == nil) == (slug == nil) {
		return edu.Errorf(edu.BadUserInput, "%s takes an id or a slug, exactly one of the two", field)
	}
	return nil
}

// course loads a course that an edge leads to.
func course(ctx context.Context, id int64) (*edu.Course, error) {
	detail := courseDetail(graphql.GetOperationContext(ctx), selection(ctx))
	return loaders.For(ctx).Course.Load(ctx, detail(id))
}

// user loads a user that an edge leads to.
func user(ctx context.Context, id int64) (*edu.User, error) {
	l := loaders.For(ctx)
	detail := userDetail(graphql.GetOperationContext(ctx), selection(ctx), l.Viewer)
	return l.User.Load(ctx, detail(id))
}

// oneUser reads a user and what is selected of them.
func oneUser(ctx context.Context, id int64, sel ast.SelectionSet) (*edu.User, error) {
	a := readAhead(ctx)
	a.users([]int64{id}, sel)
	if err := a.run(); err != nil {
		return nil, err
	}
	return a.l.User.Load(ctx, userDetail(a.op, sel, a.l.Viewer)(id))
}

// private returns what only the user and admins may read, or says who may.
func private(ctx context.Context, u *edu.User, field string) (*edu.UserPrivate, error) {
	l := loaders.For(ctx)
	if !l.Viewer.Owns(u.ID) {
		return nil, notOwn(field)
	}
	if u.Private == nil {
		var err error
		if u, err = l.User.Load(ctx, loaders.Detail{ID: u.ID, Want: edu.UserPrivately}); err != nil {
			return nil, err
		}
	}
	return u.Private, nil
}

// platform is the parent of what belongs to no one.
const platform = 0

// topCourses reads the most taken courses of an instructor, or of the platform.
func topCourses(ctx context.Context, parent int64, first int) ([]*edu.Course, error) {
	t, err := top(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field, first)
	if err != nil {
		return nil, err
	}
	return loaders.For(ctx).TopCourses.Load(ctx, of(t)(parent))
}
