package limits

import "github.com/99designs/gqlgen/graphql"

// A query is large if its estimate reaches one of these values. By them it takes 10 ms of a processor or
// more. The most expensive query of our clients costs 3,848. Mutations have limits of their own: for writes,
// for hashing passwords and for large bodies.
const (
	largeCost              = 5_000
	largeFields            = 20_000
	largeIntrospectionCost = 50_000
)

// isLarge reports whether a query takes long to compute.
func (e Estimate) isLarge() bool {
	return e.Cost >= largeCost || e.Fields >= largeFields || e.IntrospectionCost >= largeIntrospectionCost
}

const largeStat = "Large"

// IsLarge reports whether CostExtension found that an operation is a query that takes 10 ms of a processor or more.
func IsLarge(op *graphql.OperationContext) bool { return op.Stats.GetExtension(largeStat) != nil }
