// Package scalar marshals and unmarshals the schema's custom scalars.
package scalar

import (
	"io"
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
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, edu.Errorf(edu.BadUserInput, "a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z")
}

// MarshalDecimal marshals an exact decimal number as a JSON string.
func MarshalDecimal(d edu.Decimal) graphql.Marshaler { return graphql.MarshalString(string(d)) }

// UnmarshalDecimal parses an exact decimal number from a JSON string.
func UnmarshalDecimal(v any) (edu.Decimal, error) {
	if s, ok := v.(string); ok && edu.Decimal(s).IsValid() {
		return edu.Decimal(s), nil
	}
	return "", edu.Errorf(edu.BadUserInput, "a Decimal must be a number in a string, e.g. \"49.90\"")
}

// MarshalInt marshals an integer.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt parses a 32-bit integer, the range of Int in the GraphQL specification, section 3.5.1.
func UnmarshalInt(v any) (int, error) {
	n, err := graphql.UnmarshalInt32(v)
	if err != nil {
		return 0, edu.Errorf(edu.BadUserInput, "an Int must be a whole number from -2147483648 to 2147483647")
	}
	return int(n), nil
}
