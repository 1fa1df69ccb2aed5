package live

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/respcache"
)

// Operation is an operation with its variables, which can be executed again and again.
type Operation interface {
	// Key identifies the operation and its variables, without regard to the viewer.
	Key() respcache.Key
	// Execute executes the operation for a viewer, from the primary database.
	Execute(ctx context.Context, v edu.Viewer) Execution
}

// Execution is the result of one execution.
type Execution struct {
	// Body is the response as JSON.
	Body []byte
	// Dependencies are what the response was computed from.
	*Dependencies
	// Unavailable is set if the response only reports that it could not be computed now. The operation is
	// executed again after RetryAfter, or after a growing time if that is 0.
	Unavailable bool
	RetryAfter  time.Duration
}

// Dependencies records what a response is computed from. The zero value has none.
type Dependencies struct {
	Tags   edu.Tags
	viewer *edu.TrackedViewer
}

// RecordViewer records the tracked viewer of the execution.
func (d *Dependencies) RecordViewer(v *edu.TrackedViewer) {
	if d != nil {
		d.viewer = v
	}
}

// varyBy returns what the response depends on besides the database.
func (d *Dependencies) varyBy() edu.VaryBy {
	if d.viewer == nil {
		return 0
	}
	return d.viewer.VaryBy()
}

type dependenciesKey struct{}

// WithDependencies returns a context whose operation records its dependencies.
func WithDependencies(ctx context.Context, d *Dependencies) context.Context {
	return context.WithValue(ctx, dependenciesKey{}, d)
}

// DependenciesFrom returns the dependencies to record, nil if the operation is not watched.
func DependenciesFrom(ctx context.Context) *Dependencies {
	d, _ := ctx.Value(dependenciesKey{}).(*Dependencies)
	return d
}
