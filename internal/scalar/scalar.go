// Package scalar writes and reads the schema's custom scalars. It knows Go
// values and JSON, and nothing of what they mean.
package scalar

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
)

// MarshalDateTime writes a time as RFC 3339 in UTC, with as many decimals as it
// has.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [40]byte
		b := append(buf[:0], '"')
		b = t.UTC().AppendFormat(b, time.RFC3339Nano)
		_, _ = w.Write(append(b, '"'))
	})
}

// UnmarshalDateTime reads an RFC 3339 time of any offset.
func UnmarshalDateTime(v any) (time.Time, error) {
	if s, ok := v.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, edu.Errorf(edu.BadUserInput, "a DateTime is an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z")
}

// MarshalDecimal writes an exact decimal number as a JSON string.
func MarshalDecimal(d edu.Decimal) graphql.Marshaler { return graphql.MarshalString(string(d)) }

// UnmarshalDecimal reads an exact decimal number from a JSON string.
func UnmarshalDecimal(v any) (edu.Decimal, error) {
	if s, ok := v.(string); ok && edu.Decimal(s).IsValid() {
		return edu.Decimal(s), nil
	}
	return "", edu.Errorf(edu.BadUserInput, "a Decimal is a number in a string, e.g. \"49.90\"")
}

// MarshalInt writes an integer.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt reads a 32-bit integer: the GraphQL specification, section 3.5.1,
// has no larger ones.
func UnmarshalInt(v any) (int, error) {
	n, err := graphql.UnmarshalInt32(v)
	if err != nil {
		return 0, edu.Errorf(edu.BadUserInput, "an Int is a whole number from -2147483648 to 2147483647")
	}
	return int(n), nil
}
