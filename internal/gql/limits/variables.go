package limits

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// valueCost returns the cost of a variable's value. It costs as much as a literal: see
// compiler.compileValue. Values are as encoding/json decoded them, or as gqlparser coerced them.
func valueCost(v any, typ *typeCost) float64 {
	if !typ.costly {
		return 0
	}
	cost := 0.0
	switch v := v.(type) {
	case nil:
	case []any:
		for _, child := range v {
			cost += valueCost(child, typ)
		}
	case map[string]any:
		cost = typ.weight
		for name, child := range v {
			if in := typ.inputs[name]; in != nil {
				cost += in.weight + valueCost(child, in.typeCost)
			}
		}
	default:
		cost = typ.weight // gqlparser coerces a single value to a list with an element of its type
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Len() == 1 {
			cost = valueCost(list.Index(0).Interface(), typ)
		}
	}
	return cost
}

// variableValues are the variables of a request, for one operation.
type variableValues struct {
	doc      *Document
	op       *operation
	provided map[string]any
	costs    []float64 // by number; negative before it is computed
	steps    int       // number of visited nodes
}

// variableValue is the value of a variable in a request: the provided one, or else the literal
// of its default.
type variableValue struct {
	provided     any
	defaultValue *ast.Value
}

// lookupValue returns the value of a variable; false if it has neither a value nor a default.
func (v *variableValues) lookupValue(variable int32) (variableValue, bool) {
	if provided, ok := v.provided[v.doc.variables[variable]]; ok {
		return variableValue{provided: provided}, true
	}
	defaultValue := v.op.declaredVariables[variable].defaultValue
	return variableValue{defaultValue: defaultValue}, defaultValue != nil
}

// findNullVariable returns the name of a variable that is null although the document requires a
// value, "" for none.
func (v *variableValues) findNullVariable() string {
	for _, n := range v.op.nonNullVariables {
		if value, ok := v.provided[v.doc.variables[n]]; ok && value == nil {
			return v.doc.variables[n]
		}
	}
	return ""
}

// memoizedCost returns the cost of a variable within an argument. It computes the cost of each
// variable once.
func (v *variableValues) memoizedCost(variable int32) float64 {
	declared := &v.op.declaredVariables[variable]
	value, ok := v.provided[v.doc.variables[variable]]
	switch {
	case !ok:
		return declared.defaultCost
	case value == nil || declared.typeCost == nil:
		return 0
	}
	if v.costs == nil {
		v.costs = make([]float64, len(v.doc.variables))
		for i := range v.costs {
			v.costs[i] = -1
		}
	}
	if v.costs[variable] < 0 {
		v.costs[variable] = valueCost(value, declared.typeCost)
	}
	return v.costs[variable]
}

// literalRows returns how many rows the literal of a slicing argument requests: the value of an
// Int, or the length of a list. It returns false for null and for other values.
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

// requestedRows returns how many rows the value of a variable requests, as literalRows does.
func (v variableValue) requestedRows(list bool) (float64, bool) {
	if v.provided == nil {
		return literalRows(v.defaultValue, list)
	}
	if list {
		if slice := reflect.ValueOf(v.provided); slice.Kind() == reflect.Slice {
			return float64(slice.Len()), true
		}
		return 1, true
	}
	switch n := v.provided.(type) {
	case int64:
		return float64(n), true
	case int:
		return float64(n), true
	case float64:
		return n, !math.IsNaN(n)
	case json.Number:
		return parseNumber(string(n))
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

// parseNumber parses a number. A number out of range becomes infinite.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(n)
}
