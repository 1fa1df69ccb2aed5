// Package admit decides which GraphQL operations may run, before gqlparser
// validates them: validation takes quadratic time where fields overlap, and
// gqlgen's own complexity limit comes after it and walks each fragment once for
// every spread.
//
// It decides in two parts. The structure of a document (how deep, how many
// aliases, …) needs no variables and is looked at once, in one pass over the
// parsed document that is linear in its tokens. The cost of an operation needs
// the variables of a request; it is read from what that pass compiled, where each
// fragment is costed once, however often it is spread.
//
// Documents are not valid yet when they come here. What is unknown costs nothing
// and is left to validation, which refuses it.
package limits
