package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// parseWeight returns the weight that @cost gives, byDefault where there is none.
func parseWeight(directives ast.DirectiveList, byDefault float64) (float64, error) {
	d := directives.ForName("cost")
	if d == nil {
		return byDefault, nil
	}
	given := d.Arguments.ForName("weight")
	if given == nil {
		return 0, errors.New("@cost has no weight")
	}
	weight, err := strconv.ParseFloat(given.Value.Raw, 64)
	if err != nil || weight < 0 || math.IsInf(weight, 0) || math.IsNaN(weight) {
		return 0, fmt.Errorf("@cost: the weight %q is no number of 0 or more", given.Value.Raw)
	}
	return weight, nil
}

// parseListSize reads @listSize.
func (f *fieldCost) parseListSize(def *ast.FieldDefinition) error {
	d := def.Directives.ForName("listSize")
	if d == nil {
		return nil
	}
	if given := d.Arguments.ForName("assumedSize"); given != nil {
		assumed, err := strconv.ParseUint(given.Value.Raw, 10, 31)
		if err != nil {
			return fmt.Errorf("@listSize: assumedSize: %q is no number of rows", given.Value.Raw)
		}
		f.assumedRows = float64(assumed)
		f.maxRows = max(f.maxRows, f.assumedRows)
	}
	f.slicingArguments = parseStringList(d, "slicingArguments")
	for _, name := range f.slicingArguments {
		if in := f.args[name]; in == nil || in.typ.Elem == nil && in.typ.NamedType != "Int" {
			return fmt.Errorf("@listSize: slicingArguments: %q is neither an argument of type Int nor one that is a list", name)
		}
	}
	f.hasSizedFields = len(parseStringList(d, "sizedFields")) > 0
	if f.hasSizedFields == f.isList {
		return errors.New("@listSize: a list has no sizedFields, and what is no list needs them")
	}
	// Nothing here refuses an operation for its slicing arguments: the types have to.
	one := d.Arguments.ForName("requireOneSlicingArgument")
	if required := one == nil || one.Value.Raw == "true"; required && len(f.slicingArguments) > 0 {
		if len(f.slicingArguments) > 1 || !f.args[f.slicingArguments[0]].typ.NonNull {
			return errors.New("@listSize: requireOneSlicingArgument must be false, unless there is one slicing argument and it is never null")
		}
	}
	return nil
}

// parseStringList returns the strings of a directive's argument.
func parseStringList(d *ast.Directive, name string) []string {
	given := d.Arguments.ForName(name)
	if given == nil {
		return nil
	}
	list := make([]string, len(given.Value.Children))
	for i, child := range given.Value.Children {
		list[i] = child.Value.Raw
	}
	return list
}
