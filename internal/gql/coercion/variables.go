package coercion

import (
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/scalar"
)

// mismatch is why a value does not fit its type, and where in a variable the value is.
type mismatch struct {
	reason string
	path   ast.Path // from the value to the variable
}

// in returns the mismatch of the list or the input object that has the value at a place.
func (m *mismatch) in(place ast.PathElement) *mismatch {
	if m != nil {
		m.path = append(m.path, place)
	}
	return m
}

// fullPath returns the path from a variable to the value.
func (m *mismatch) fullPath(variable string) ast.Path {
	path := append(m.path, ast.PathName(variable))
	slices.Reverse(path)
	return path
}

// validateValue returns why a value does not fit a type, nil if it does. Values are as the JSON reader
// decoded them, or as gqlparser coerced them: single values may be in a slice of their Go type, and
// defaults are the Go values of literals.
func validateValue(schema *ast.Schema, typ *ast.Type, v any) *mismatch {
	if v == nil {
		if typ.NonNull {
			return &mismatch{reason: "it cannot be null"}
		}
		return nil
	}
	if typ.Elem != nil {
		return validateList(schema, typ.Elem, v)
	}
	switch def := schema.Types[typ.NamedType]; def.Kind {
	case ast.Scalar:
		if reason := scalar.Validate(def.Name, v); reason != "" {
			return &mismatch{reason: reason}
		}
	case ast.Enum:
		if name, ok := v.(string); !ok || def.EnumValues.ForName(name) == nil {
			return &mismatch{reason: "it must be a value of " + def.Name + ", in the case of the schema"}
		}
	case ast.InputObject:
		return validateObject(schema, def, v)
	}
	return nil
}

// validateList validates each element of a list. A single value stands for a list of one.
func validateList(schema *ast.Schema, elem *ast.Type, v any) *mismatch {
	if list, ok := v.([]any); ok {
		for i, child := range list {
			if m := validateValue(schema, elem, child); m != nil {
				return m.in(ast.PathIndex(i))
			}
		}
		return nil
	}
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice { // a single value that gqlparser coerced
		for i := range list.Len() {
			if m := validateValue(schema, elem, list.Index(i).Interface()); m != nil {
				return m
			}
		}
		return nil
	}
	return validateValue(schema, elem, v)
}

// validateObject validates each field of an input object.
func validateObject(schema *ast.Schema, def *ast.Definition, v any) *mismatch {
	object, ok := v.(map[string]any)
	if !ok {
		return &mismatch{reason: def.Name + " must be an object"}
	}
	known := 0
	for _, field := range def.Fields {
		child, ok := object[field.Name]
		if !ok {
			if field.Type.NonNull && field.DefaultValue == nil {
				return (&mismatch{reason: "it must be defined"}).in(ast.PathName(field.Name))
			}
			continue
		}
		known++
		if m := validateValue(schema, field.Type, child); m != nil {
			return m.in(ast.PathName(field.Name))
		}
	}
	if known < len(object) {
		return &mismatch{reason: "it has a field that " + def.Name + " does not have"}
	}
	if isOneOf(def) {
		return validateOneOf(def, object)
	}
	return nil
}

// isOneOf reports whether an input object must have exactly one field.
func isOneOf(def *ast.Definition) bool { return def.Directives.ForName("oneOf") != nil }

// validateOneOf validates an input object with @oneOf: one field of the schema is present and not null.
func validateOneOf(def *ast.Definition, object map[string]any) *mismatch {
	if len(object) != 1 {
		return &mismatch{reason: def.Name + " must have exactly one field"}
	}
	for name, child := range object {
		if child == nil {
			return (&mismatch{reason: "the field of " + def.Name + " cannot be null"}).in(ast.PathName(name))
		}
	}
	return nil
}
