package admit

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// valueCost returns what a variable's value costs, as that of a literal: see
// walker.value. Values come as encoding/json makes them, or as gqlparser makes them
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
				cost += in.weight + valueCost(child, in.of)
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

// variables are those of a request.
type variables struct {
	doc   *Document
	op    *operation
	given map[string]any
	costs []float64 // by number; negative where it is not known yet
	steps int       // how many nodes were looked at
}

// value is that of a variable in a request: what is given, or else the literal that
// is its default.
type value struct {
	given     any
	byDefault *ast.Value
}

// value returns a variable's; false if it has none, and no default.
func (v *variables) value(variable int32) (value, bool) {
	if given, ok := v.given[v.doc.variables[variable]]; ok {
		return value{given: given}, true
	}
	byDefault := v.op.declared[variable].byDefault
	return value{byDefault: byDefault}, byDefault != nil
}

// null returns the name of a variable that is null where it must not be, "" if none
// is.
func (v *variables) null() string {
	for _, n := range v.op.nonNull {
		if given, ok := v.given[v.doc.variables[n]]; ok && given == nil {
			return v.doc.variables[n]
		}
	}
	return ""
}

// cost returns what a variable costs within an argument. Each is looked at once,
// wherever it is used.
func (v *variables) cost(variable int32) float64 {
	declared := &v.op.declared[variable]
	given, ok := v.given[v.doc.variables[variable]]
	switch {
	case !ok:
		return declared.cost
	case given == nil || declared.of == nil:
		return 0
	}
	if v.costs == nil {
		v.costs = make([]float64, len(v.doc.variables))
		for i := range v.costs {
			v.costs[i] = -1
		}
	}
	if v.costs[variable] < 0 {
		v.costs[variable] = valueCost(given, declared.of)
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
		return number(v.Raw)
	case v.Kind == ast.ListValue:
		return float64(len(v.Children)), true
	default:
		return 1, true // a single value is a list of one
	}
}

// rows is literalRows of a variable's value.
func (v value) rows(list bool) (float64, bool) {
	if v.given == nil {
		return literalRows(v.byDefault, list)
	}
	if list {
		if given := reflect.ValueOf(v.given); given.Kind() == reflect.Slice {
			return float64(given.Len()), true
		}
		return 1, true
	}
	switch given := v.given.(type) {
	case int64:
		return float64(given), true
	case int:
		return float64(given), true
	case float64:
		return given, !math.IsNaN(given)
	case json.Number:
		return number(string(given))
	}
	return 0, false
}

func (v value) boolean() (value, ok bool) {
	if v.byDefault != nil {
		return v.byDefault.Raw == "true", v.byDefault.Kind == ast.BooleanValue
	}
	value, ok = v.given.(bool)
	return value, ok
}

// number reads a number; one out of range is infinite.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(n)
}
