package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
)

// singleEvent returns the one event of an execution of a subscription: package live executes it again after
// each change.
func singleEvent[T any](v T, err error) (<-chan T, error) {
	if err != nil {
		return nil, err
	}
	events := make(chan T, 1)
	events <- v
	close(events)
	return events, nil
}

// loadSubscribedNode returns the entity of a subscription that the viewer may see, or nil. Its id must be of the
// given kind.
func loadSubscribedNode(ctx context.Context, id edu.ID, kind edu.Kind) (edu.Node, error) {
	if _, err := id.KeyForKind(kind); err != nil {
		return nil, err
	}
	nodes, problems, err := loadNodes(ctx, []*edu.ID{&id})
	if err != nil {
		return nil, err
	}
	return nodes[0], problems[0]
}
