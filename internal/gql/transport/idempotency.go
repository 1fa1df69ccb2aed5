package transport

import "github.com/99designs/gqlgen/graphql"

// headerReplayed is the header of a replay, with the name of Stripe's API.
const headerReplayed = "Idempotent-Replayed"

// replayedStat is among the statistics of an operation whose response is a replay.
const replayedStat = "Idempotency"

// MarkReplayed marks the response of an operation as the replay of an earlier one: the transport
// sends it with the header Idempotent-Replayed.
func MarkReplayed(op *graphql.OperationContext) { op.Stats.SetExtension(replayedStat, true) }

func isReplayed(op *graphql.OperationContext) bool {
	return op.Stats.GetExtension(replayedStat) != nil
}
