// Package scalar marshals and unmarshals the schema's custom scalars, and the built-in ones that gqlgen
// coerces more leniently than the GraphQL specification permits.
package scalar

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
)

// MarshalDateTime marshals a time as RFC 3339 in UTC, with as many fractional digits as it needs.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [40]byte
		b := append(buf[:0], '"')
		b = t.UTC().AppendFormat(b, time.RFC3339Nano)
		_, _ = w.Write(append(b, '"'))
	})
}

// UnmarshalDateTime parses an RFC 3339 timestamp of any offset and returns it in UTC.
func UnmarshalDateTime(v any) (time.Time, error) {
	if s, ok := v.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && isRFC3339(s) {
			return t.UTC(), nil
		}
	}
	return time.Time{}, edu.Errorf(edu.BadUserInput, "a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z")
}

// isRFC3339 rejects what RFC 3339 does not permit in a text that time.Parse accepts: an hour of one digit, a
// comma before the fraction, and an offset of 24 hours or of 60 minutes.
func isRFC3339(s string) bool {
	const hour, fraction = len("2006-01-02T"), len("2006-01-02T15:04:05")
	if s[hour+1] == ':' || s[fraction] == ',' {
		return false
	}
	offset := s[len(s)-len("07:00"):]
	return strings.HasSuffix(s, "Z") || offset[:2] < "24" && offset[3:] < "60"
}

// MarshalDecimal marshals an exact decimal number as a JSON string.
func MarshalDecimal(d edu.Decimal) graphql.Marshaler { return graphql.MarshalString(string(d)) }

// UnmarshalDecimal parses an exact decimal number from a JSON string.
func UnmarshalDecimal(v any) (edu.Decimal, error) {
	if s, ok := v.(string); ok && edu.Decimal(s).IsValid() && !strings.HasSuffix(s, ".") {
		return edu.Decimal(s), nil
	}
	return "", edu.Errorf(edu.BadUserInput, "a Decimal must be a number in a string, e.g. \"49.90\"")
}

// MarshalInt marshals an integer, and fails for one that ValidateInt rejects.
func MarshalInt(n int) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if err := ValidateInt(n); err != nil {
			return err
		}
		_, err := io.WriteString(w, strconv.Itoa(n))
		return err
	})
}

// ValidateInt rejects a number that an Int of GraphQL cannot hold (specification, section 3.5.1).
func ValidateInt(n int) error {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return edu.Errorf(edu.OutOfRange, "the value %d is not within the range of Int, -2147483648 to 2147483647", n)
	}
	return nil
}

// UnmarshalInt parses a 32-bit integer, the range of Int in the GraphQL specification, section 3.5.1.
// The specification rejects strings with numeric content, which gqlgen accepts.
func UnmarshalInt(_ context.Context, v any) (int, error) {
	var n int64
	var err error
	switch v := v.(type) {
	case json.Number:
		n, err = strconv.ParseInt(string(v), 10, 32)
	case int64:
		n = v
	case int: // a default of the schema
		n = int64(v)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, edu.Errorf(edu.BadUserInput, "an Int must be a whole number from -2147483648 to 2147483647, without quotes")
	}
	return int(n), nil
}

// MarshalFloat marshals a finite number, and fails for any other.
func MarshalFloat(f float64) graphql.ContextMarshaler { return graphql.MarshalFloatContext(f) }

// UnmarshalFloat parses a finite number (GraphQL specification, section 3.5.2). gqlgen accepts strings,
// among them "NaN", "Infinity" and "0x1p1".
func UnmarshalFloat(_ context.Context, v any) (float64, error) {
	f := math.NaN()
	switch v := v.(type) {
	case json.Number:
		if parsed, err := v.Float64(); err == nil {
			f = parsed
		}
	case int64:
		f = float64(v)
	case int: // a default of the schema
		f = float64(v)
	case float64:
		f = v
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, edu.Errorf(edu.BadUserInput, "a Float must be a finite number, without quotes")
	}
	return f, nil
}

// MarshalString marshals a text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString accepts a text (GraphQL specification, section 3.5.3). gqlgen also accepts numbers
// and booleans, as their text.
func UnmarshalString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", edu.Errorf(edu.BadUserInput, "a String must be a text in quotes")
}

// MarshalBoolean marshals a truth value.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// UnmarshalBoolean accepts true and false (GraphQL specification, section 3.5.4). gqlgen also accepts
// numbers, and reads any text except "true" as false.
func UnmarshalBoolean(v any) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, edu.Errorf(edu.BadUserInput, "a Boolean must be true or false, without quotes")
}

// Validate returns why a value does not fit the scalar with a name, "" if it does. The reason is the message
// of the function that unmarshals the scalar. Validate accepts every value for a name that it does not know.
func Validate(name string, v any) string {
	err := validate(name, v)
	if err == nil {
		return ""
	}
	if coded, ok := errors.AsType[*edu.Error](err); ok {
		return coded.Message
	}
	return err.Error()
}

func validate(name string, v any) (err error) {
	switch name {
	case "Int":
		_, err = UnmarshalInt(context.Background(), v)
	case "Float":
		_, err = UnmarshalFloat(context.Background(), v)
	case "String":
		_, err = UnmarshalString(v)
	case "Boolean":
		_, err = UnmarshalBoolean(v)
	case "ID":
		err = validateID(v)
	case "DateTime":
		_, err = UnmarshalDateTime(v)
	case "Decimal":
		_, err = UnmarshalDecimal(v)
	}
	return err
}

// validateID accepts texts and integers (GraphQL specification, section 3.5.5). edu.ID parses them.
func validateID(v any) error {
	switch v := v.(type) {
	case string, int64, int:
		return nil
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			return nil
		}
	}
	return edu.Errorf(edu.BadUserInput, "an ID must be a text in quotes or a whole number")
}
