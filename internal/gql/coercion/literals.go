package coercion

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/7p-education/api/internal/scalar"
)

// Rules returns new rules to validate documents by: gqlparser's and those of this package.
func Rules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.AddRule("ScalarLiterals", validateLiterals)
	return r
}

// validateLiterals adds what gqlparser's ValuesOfCorrectType leaves out: the range of Int, the literals of
// custom scalars, empty objects, and nullable variables within @oneOf.
func validateLiterals(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.Definition == nil || value.ExpectedType == nil {
			return
		}
		if message := literalMismatch(value); message != "" {
			addError(core.Message("%s", message), core.At(value.Position))
		}
	})
}

// literalMismatch returns why a literal does not fit its type, "" if it does or if gqlparser rejects it.
func literalMismatch(value *ast.Value) string {
	def := value.Definition
	switch {
	case value.Kind == ast.Variable, value.Kind == ast.NullValue:
		return ""
	case value.Kind == ast.ListValue && value.ExpectedType.Elem != nil:
		return "" // each element has a visit of its own
	case def.Kind == ast.InputObject && value.Kind == ast.ObjectValue && isOneOf(def):
		return oneOfMismatch(value)
	case value.Kind == ast.ObjectValue && def.Kind != ast.InputObject && len(value.Children) == 0 && (def.BuiltIn || def.Kind == ast.Enum):
		return def.Name + " must not be an object"
	case def.Kind != ast.Scalar:
		return ""
	case def.Name == "Int" && value.Kind == ast.IntValue:
		return intMismatch(value.Raw)
	case def.BuiltIn:
		return ""
	}
	return scalar.Validate(def.Name, literalValue(value))
}

// intMismatch rejects an integer of 33 to 64 bits; gqlparser rejects a longer one.
func intMismatch(raw string) string {
	if _, err := strconv.ParseInt(raw, 10, 64); err != nil {
		return ""
	}
	return scalar.Validate("Int", json.Number(raw))
}

// oneOfMismatch rejects a variable that may be null as the field of an input object with @oneOf.
func oneOfMismatch(value *ast.Value) string {
	if len(value.Children) != 1 {
		return ""
	}
	declared := value.Children[0].Value.VariableDefinition
	if declared == nil || declared.Type.NonNull {
		return ""
	}
	return "variable $" + declared.Variable + " must be non-nullable: it is the field of the oneOf input object " + value.Definition.Name
}

// literalValue returns the literal of a custom scalar as its unmarshaler expects it. An enum value, which
// is a name and not a text, is not a value of any scalar.
func literalValue(value *ast.Value) any {
	switch value.Kind {
	case ast.StringValue, ast.BlockValue:
		return value.Raw
	case ast.IntValue, ast.FloatValue:
		return json.Number(value.Raw)
	case ast.BooleanValue:
		return value.Raw == "true"
	case ast.ListValue:
		return []any{}
	case ast.ObjectValue:
		return map[string]any{}
	}
	return nil
}
