package limits

import "github.com/99designs/gqlgen/graphql"

// An operation is large if its estimate reaches one of these values. By them it takes 10 ms of a processor
// or more. The most expensive operation of our clients costs 3,848.
const (
	largeCost              = 5_000
	largeFields            = 20_000
	largeIntrospectionCost = 50_000
)

// isLarge reports whether an operation takes long to compute.
func (e Estimate) isLarge() bool {
	return e.Cost >= largeCost || e.Fields >= largeFields || e.IntrospectionCost >= largeIntrospectionCost
}

const largeStat = "Large"

// markLarge records that an operation is large.
func markLarge(op *graphql.OperationContext) { op.Stats.SetExtension(largeStat, true) }

// IsLarge reports whether CostExtension found that an operation takes 10 ms of a processor or more.
func IsLarge(op *graphql.OperationContext) bool { return op.Stats.GetExtension(largeStat) != nil }
