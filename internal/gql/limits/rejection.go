package limits

import (
	"fmt"
	"strings"
)

// Code is what a program reads to learn which limit a refusal is about; it is sent
// as extensions.code.
type Code string

// The codes of refusals. Cycles of fragments have validation's own, and variables
// that are null where they must not be that of bad input.
const (
	TooManyTokens      Code = "MAX_TOKENS_LIMIT" //nolint:gosec // not a credential
	TooDeep            Code = "MAX_DEPTH_LIMIT"
	TooManyOperations  Code = "MAX_OPERATIONS_LIMIT"
	TooManyRootFields  Code = "MAX_ROOT_FIELDS_LIMIT"
	TooManyAliases     Code = "MAX_ALIASES_LIMIT"
	TooManyRepetitions Code = "MAX_REPEATED_FIELDS_LIMIT"
	TooManyDirectives  Code = "MAX_DIRECTIVES_LIMIT"
	TooManyFragments   Code = "MAX_FRAGMENTS_LIMIT"
	TooManyVariables   Code = "MAX_VARIABLES_LIMIT"
	TooManyArguments   Code = "MAX_ARGUMENTS_LIMIT"
	TooExpensive       Code = "COST_ESTIMATED_TOO_EXPENSIVE"
	FragmentCycle      Code = "GRAPHQL_VALIDATION_FAILED"
	NullVariable       Code = "BAD_USER_INPUT"
)

// Rejection is why a document or an operation is not admitted. The message may be
// shown as it is.
type Rejection struct {
	Code    Code
	Message string
	// Limit is the limit's value; 0 where the refusal is not about one.
	Limit int64
	// Value is what the document has; 0 where counting stopped at the limit.
	Value int64
	// MostExpensive are the fields that cost most, of an operation that costs too much.
	MostExpensive []CostShare
}

// CostShare is the part of a cost that is a field's own, in all places that the field
// is called from together; what is below it has shares of its own.
type CostShare struct {
	// Path leads to the field, by the schema's names, with dots: courses.nodes.
	Path string `json:"path"`
	Cost int64  `json:"cost"`
}

// Error returns the code and the message.
func (r *Rejection) Error() string { return string(r.Code) + ": " + r.Message }

// Extensions returns what is sent as the error's extensions: code, and where there
// is one limit, value and dearest.
func (r *Rejection) Extensions() map[string]any {
	e := map[string]any{"code": string(r.Code)}
	if r.Limit > 0 {
		e["limit"] = r.Limit
	}
	if r.Value > 0 {
		e["value"] = r.Value
	}
	if len(r.MostExpensive) > 0 {
		e["dearest"] = r.MostExpensive
	}
	return e
}

// rejectExcess returns the refusal of what exceeds a limit, nil of what does not.
func rejectExcess(code Code, what string, value, limit int) *Rejection {
	if value <= limit {
		return nil
	}
	return &Rejection{
		Code: code, Limit: int64(limit), Value: int64(value),
		Message: fmt.Sprintf("too many %s: %d, where %d is the limit", what, value, limit),
	}
}

func rejectTokens(limit int) *Rejection {
	return &Rejection{
		Code: TooManyTokens, Limit: int64(limit),
		Message: fmt.Sprintf("the document has more tokens (names, punctuators, literals and comments) than the limit of %d", limit),
	}
}

// rejectCycle names the fragments of a cycle, the first of which spreads itself by way
// of the others.
func rejectCycle(names []string) *Rejection {
	message := fmt.Sprintf("fragment %q spreads itself", names[0])
	if len(names) > 1 {
		message += ", by way of \"" + strings.Join(names[1:], "\", \"") + "\""
	}
	return &Rejection{Code: FragmentCycle, Message: message}
}

func rejectNullVariable(name string) *Rejection {
	return &Rejection{Code: NullVariable, Message: fmt.Sprintf("variable $%s must not be null where it is used", name)}
}

func rejectCost(what string, value, limit int64, mostExpensive []CostShare) *Rejection {
	var breakdown strings.Builder
	for i, s := range mostExpensive {
		breakdown.WriteString([]string{"; most of it is ", ", "}[min(i, 1)])
		fmt.Fprintf(&breakdown, "%s with %d", s.Path, s.Cost)
	}
	return &Rejection{
		Code: TooExpensive, Limit: limit, Value: value, MostExpensive: mostExpensive,
		Message: fmt.Sprintf("%s: %d, where %d is the limit: ask for fewer rows at a time, or for fewer levels of lists%s", what, value, limit, breakdown.String()),
	}
}
