package limits

import (
	"fmt"
	"strings"
)

// Code identifies the limit of a rejection for programs. It is sent as extensions.code.
type Code string

// The codes of rejections. Cycles of fragments have the code of validation errors, null
// variables the code of bad input.
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

// Rejection is the reason why a document or an operation must not run. Its message is for
// clients.
type Rejection struct {
	Code    Code
	Message string
	// Limit is the value of the limit; 0 if the rejection is not about a limit.
	Limit int64
	// Value is the value of the document; 0 if counting stopped at the limit.
	Value int64
	// MostExpensive are the most expensive fields of an operation that costs too much.
	MostExpensive []CostShare
}

// CostShare is a field's own part of a cost, summed over all places of the field. The fields
// below it have shares of their own.
type CostShare struct {
	// Path is the names in the schema that lead to the field, with dots: courses.nodes.
	Path string `json:"path"`
	Cost int64  `json:"cost"`
}

// Error returns the code and the message.
func (r *Rejection) Error() string { return string(r.Code) + ": " + r.Message }

// Extensions returns the extensions of the error that is sent: code, and limit, value and the
// most expensive fields if there are any.
func (r *Rejection) Extensions() map[string]any {
	e := map[string]any{"code": string(r.Code)}
	if r.Limit > 0 {
		e["limit"] = r.Limit
	}
	if r.Value > 0 {
		e["value"] = r.Value
	}
	if len(r.MostExpensive) > 0 {
		e["mostExpensive"] = r.MostExpensive
	}
	return e
}

// rejectExcess returns a rejection if the value exceeds the limit, nil otherwise.
func rejectExcess(code Code, what string, value, limit int) *Rejection {
	if value <= limit {
		return nil
	}
	return &Rejection{
		Code: code, Limit: int64(limit), Value: int64(value),
		Message: fmt.Sprintf("too many %s: %d, the limit is %d", what, value, limit),
	}
}

func rejectTokens(limit int) *Rejection {
	return &Rejection{
		Code: TooManyTokens, Limit: int64(limit),
		Message: fmt.Sprintf("too many tokens (names, punctuators, literals and comments): the limit is %d", limit),
	}
}

// rejectCycle returns the rejection of a cycle of fragments: the first spreads itself through the
// others.
func rejectCycle(names []string) *Rejection {
	message := fmt.Sprintf("fragment %q spreads itself", names[0])
	if len(names) > 1 {
		message += " through \"" + strings.Join(names[1:], "\", \"") + "\""
	}
	return &Rejection{Code: FragmentCycle, Message: message}
}

func rejectNullVariable(name string) *Rejection {
	return &Rejection{Code: NullVariable, Message: fmt.Sprintf("variable $%s must not be null where it is used", name)}
}

func rejectCost(what string, value, limit int64, mostExpensive []CostShare) *Rejection {
	var breakdown strings.Builder
	for i, s := range mostExpensive {
		breakdown.WriteString([]string{"; most expensive: ", ", "}[min(i, 1)])
		fmt.Fprintf(&breakdown, "%s (%d)", s.Path, s.Cost)
	}
	return &Rejection{
		Code: TooExpensive, Limit: limit, Value: value, MostExpensive: mostExpensive,
		Message: fmt.Sprintf("%s: %d, the limit is %d; request fewer rows at a time or fewer levels of lists%s", what, value, limit, breakdown.String()),
	}
}
