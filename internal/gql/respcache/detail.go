package respcache

// The details of Cache-Status: why there was no lookup, or why the response was not stored.
const (
	detailOff              = "off"
	detailCostRequested    = "cost-requested"
	detailNoKey            = "no-key"
	detailUnavailable      = "invalidation-unavailable" // no entry can be validated
	detailRejected         = "rejected"
	detailMaxAgeZero       = "max-age-0"
	detailErrors           = "errors"
	detailAnonymousPrivate = "anonymous-private"
	detailUntracked        = "untracked-dependency"
	detailTooLarge         = "too-large"
	detailDeferred         = "deferred"          // the response has parts
	detailOverload         = "overload"          // the response may be outdated, because it cannot be computed now
	detailExplained        = "explain-requested" // the cache is neither used nor filled
)
