package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// viewerPasses reports whether the viewer is signed in and passes the policy of a write to a course. The
// write calls the same policy again, on the locked row.
func viewerPasses(ctx context.Context, c *edu.Course, policy func(v edu.Principal, enrolled bool, at edu.InputPath) error) (bool, error) {
	l := loaders.FromContext(ctx)
	if !l.Viewer.SignedIn() {
		return false, nil
	}
	enrollment, err := l.ViewerEnrollment.Load(ctx, c.ID)
	if err != nil {
		return false, err
	}
	return policy(l.Viewer, enrollment != nil, nil) == nil, nil
}
