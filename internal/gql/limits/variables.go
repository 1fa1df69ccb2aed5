package limits

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// valueCost returns what a variable's value costs, as that of a literal: see
// walker.compileValue. Values come as encoding/json makes them, or as gqlparser makes them
// of those.
func valueCost(v any, of *typeCost) float64 {
	if !of.costly {
		return 0
	}
	cost := 0.0
	switch v := v.(type) {
	case nil:
	case []any:
		for _, child := range v {
			cost += valueCost(child, of)
		}
	case map[string]any:
		cost = of.weight
		for name, child := range v {
			if in := of.inputs[name]; in != nil {
				cost += in.weight + valueCost(child, in.typeCost)
			}
		}
	default:
		cost = of.weight // gqlparser makes a list of a single value, of the value's type
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Len() == 1 {
			cost = valueCost(list.Index(0).Interface(), of)
		}
	}
	return cost
}

// variableValues are those of a request.
type variableValues struct {
	doc      *Document
	op       *operation
	provided map[string]any
	costs    []float64 // by number; negative where it is not known yet
	steps    int       // how many nodes were looked at
}

// variableValue is that of a variable in a request: what is given, or else the literal that
// is its default.
type variableValue struct {
	provided     any
	defaultValue *ast.Value
}

// lookupValue returns a variable's; false if it has none, and no default.
func (v *variableValues) lookupValue(variable int32) (variableValue, bool) {
	if given, ok := v.provided[v.doc.variables[variable]]; ok {
		return variableValue{provided: given}, true
	}
	byDefault := v.op.declaredVariables[variable].defaultValue
	return variableValue{defaultValue: byDefault}, byDefault != nil
}

// findNullVariable returns the name of a variable that is null where it must not be, "" if none
// is.
func (v *variableValues) findNullVariable() string {
	for _, n := range v.op.nonNullVariables {
		if given, ok := v.provided[v.doc.variables[n]]; ok && given == nil {
			return v.doc.variables[n]
		}
	}
	return ""
}

// memoizedCost returns what a variable costs within an argument. Each is looked at once,
// wherever it is used.
func (v *variableValues) memoizedCost(variable int32) float64 {
	declared := &v.op.declaredVariables[variable]
	given, ok := v.provided[v.doc.variables[variable]]
	switch {
	case !ok:
		return declared.defaultCost
	case given == nil || declared.typeCost == nil:
		return 0
	}
	if v.costs == nil {
		v.costs = make([]float64, len(v.doc.variables))
		for i := range v.costs {
			v.costs[i] = -1
		}
	}
	if v.costs[variable] < 0 {
		v.costs[variable] = valueCost(given, declared.typeCost)
	}
	return v.costs[variable]
}

// literalRows returns how many rows a slicing argument's literal asks for: an Int as
// it is, a list its length. It is false for null and for what is neither.
func literalRows(v *ast.Value, list bool) (float64, bool) {
	switch {
	case v == nil || v.Kind == ast.NullValue:
		return 0, false
	case !list:
		return parseNumber(v.Raw)
	case v.Kind == ast.ListValue:
		return float64(len(v.Children)), true
	default:
		return 1, true // a single value is a list of one
	}
}

// requestedRows is literalRows of a variable's value.
func (v variableValue) requestedRows(list bool) (float64, bool) {
	if v.provided == nil {
		return literalRows(v.defaultValue, list)
	}
	if list {
		if given := reflect.ValueOf(v.provided); given.Kind() == reflect.Slice {
			return float64(given.Len()), true
		}
		return 1, true
	}
	switch given := v.provided.(type) {
	case int64:
		return float64(given), true
	case int:
		return float64(given), true
	case float64:
		return given, !math.IsNaN(given)
	case json.Number:
		return parseNumber(string(given))
	}
	return 0, false
}

func (v variableValue) booleanValue() (value, ok bool) {
	if v.defaultValue != nil {
		return v.defaultValue.Raw == "true", v.defaultValue.Kind == ast.BooleanValue
	}
	value, ok = v.provided.(bool)
	return value, ok
}

// parseNumber reads a number; one out of range is infinite.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(n)
}
