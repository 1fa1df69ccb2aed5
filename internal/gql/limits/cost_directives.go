package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// parseWeight returns the weight of @cost, defaultWeight if there is no @cost.
func parseWeight(directives ast.DirectiveList, defaultWeight float64) (float64, error) {
	d := directives.ForName("cost")
	if d == nil {
		return defaultWeight, nil
	}
	argument := d.Arguments.ForName("weight")
	if argument == nil {
		return 0, errors.New("@cost has no weight")
	}
	weight, err := strconv.ParseFloat(argument.Value.Raw, 64)
	if err != nil || weight < 0 || math.IsInf(weight, 0) || math.IsNaN(weight) {
		return 0, fmt.Errorf("@cost: weight %q is not a number of 0 or more", argument.Value.Raw)
	}
	return weight, nil
}

// parseListSize sets the fields of f that @listSize declares.
func (f *fieldCost) parseListSize(def *ast.FieldDefinition) error {
	d := def.Directives.ForName("listSize")
	if d == nil {
		return nil
	}
	if argument := d.Arguments.ForName("assumedSize"); argument != nil {
		assumed, err := strconv.ParseUint(argument.Value.Raw, 10, 31)
		if err != nil {
			return fmt.Errorf("@listSize: assumedSize: %q is not a number of rows", argument.Value.Raw)
		}
		f.assumedRows = float64(assumed)
		f.maxRows = max(f.maxRows, f.assumedRows)
	}
	f.slicingArguments = parseStringList(d, "slicingArguments")
	for _, name := range f.slicingArguments {
		if in := f.args[name]; in == nil || in.typ.Elem == nil && in.typ.NamedType != "Int" {
			return fmt.Errorf("@listSize: slicingArguments: %q is neither an Int nor a list argument", name)
		}
	}
	f.hasSizedFields = len(parseStringList(d, "sizedFields")) > 0
	if f.hasSizedFields == f.isList {
		return errors.New("@listSize: sizedFields are required unless the field is a list, and not allowed if it is")
	}
	// No operation is rejected for missing or several slicing arguments, so the types must rule them out.
	one := d.Arguments.ForName("requireOneSlicingArgument")
	if required := one == nil || one.Value.Raw == "true"; required && len(f.slicingArguments) > 0 {
		if len(f.slicingArguments) > 1 || !f.args[f.slicingArguments[0]].typ.NonNull {
			return errors.New("@listSize: requireOneSlicingArgument must be false unless there is exactly one slicing argument, of a non-null type")
		}
	}
	return nil
}

// parseStringList returns the strings of a directive's argument.
func parseStringList(d *ast.Directive, name string) []string {
	argument := d.Arguments.ForName(name)
	if argument == nil {
		return nil
	}
	list := make([]string, len(argument.Value.Children))
	for i, child := range argument.Value.Children {
		list[i] = child.Value.Raw
	}
	return list
}
