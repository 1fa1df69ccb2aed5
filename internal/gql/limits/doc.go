// Package limits decides which GraphQL operations may run, before gqlparser validates them. It
// cannot be done later: validation takes quadratic time for overlapping fields. gqlgen's own
// complexity limit comes after validation, and walks each fragment once for every spread.
//
// The decision has two parts. The structure of a document (depth, number of aliases, …) does
// not depend on variables. It is checked in one pass over the parsed document, which is linear
// in its tokens. The cost of an operation depends on the variables of a request. It is computed
// from the result of that pass, in which each fragment is costed once, however often it is
// spread.
//
// Documents are not validated yet at this point. Unknown fields, types and fragments cost
// nothing; validation rejects them.
package limits
