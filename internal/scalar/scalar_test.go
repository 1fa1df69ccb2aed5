package scalar_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/scalar"
)

func marshalText(m graphql.Marshaler) string {
	var out strings.Builder
	m.MarshalGQL(&out)
	return out.String()
}

func TestDateTime(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]time.Time{
		`"2026-01-31T09:30:00Z"`:        time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
		`"2025-12-31T23:30:00Z"`:        time.Date(2026, 1, 1, 1, 30, 0, 0, time.FixedZone("", 2*3600)),
		`"2026-01-31T09:30:00.123456Z"`: time.Date(2026, 1, 31, 9, 30, 0, 123_456_000, time.UTC),
	} {
		got := marshalText(scalar.MarshalDateTime(at))
		if got != want {
			t.Errorf("MarshalDateTime(%v) = %s, want %s", at, got, want)
		}
		if parsed, err := scalar.UnmarshalDateTime(strings.Trim(got, `"`)); err != nil || !parsed.Equal(at) || parsed.Location() != time.UTC {
			t.Errorf("UnmarshalDateTime(%s) = %v, %v; want %v in UTC", got, parsed, err, at)
		}
	}
	for _, v := range []any{
		"", "2026-01-31", "2026-01-31 09:30:00Z", "2026-01-31T09:30:00", "2026-02-30T00:00:00Z",
		"2026-01-31T09:30:00+24:00", "2026-01-31T09:30:00+01:60", "2026-01-31T9:30:00Z", "2026-01-31T09:30:00,5Z", 1769851800, nil, true,
	} {
		if at, err := scalar.UnmarshalDateTime(v); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("UnmarshalDateTime(%v) = %v, %v; want BAD_USER_INPUT", v, at, err)
		}
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	if got := marshalText(scalar.MarshalDecimal("49.90")); got != `"49.90"` {
		t.Errorf("MarshalDecimal(49.90) = %s", got)
	}
	for _, v := range []any{49.9, 1, nil, "", "a", "1e3", "NaN", "1.", "-1.", ".5", "+1"} {
		if d, err := scalar.UnmarshalDecimal(v); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("UnmarshalDecimal(%v) = %v, %v; want BAD_USER_INPUT", v, d, err)
		}
	}
	if d, err := scalar.UnmarshalDecimal("0.10"); d != "0.10" || err != nil {
		t.Errorf("UnmarshalDecimal(0.10) = %v, %v", d, err)
	}
}

// TestBuiltInScalars checks the input coercion of the GraphQL specification, section 3.5: each scalar
// accepts its own kind of value in every representation that gqlgen passes, and no other.
func TestBuiltInScalars(t *testing.T) {
	t.Parallel()
	scalars := map[string]func(any) (any, error){
		"Int":     func(v any) (any, error) { return scalar.UnmarshalInt(t.Context(), v) },
		"Float":   func(v any) (any, error) { return scalar.UnmarshalFloat(t.Context(), v) },
		"String":  func(v any) (any, error) { return scalar.UnmarshalString(v) },
		"Boolean": func(v any) (any, error) { return scalar.UnmarshalBoolean(v) },
	}
	for _, tt := range []struct {
		value    any
		accepted map[string]any
	}{
		{json.Number("5"), map[string]any{"Int": 5, "Float": 5.0}},
		{int64(5), map[string]any{"Int": 5, "Float": 5.0}},
		{5, map[string]any{"Int": 5, "Float": 5.0}},
		{json.Number("-2147483648"), map[string]any{"Int": -2147483648, "Float": -2147483648.0}},
		{int64(math.MaxInt32), map[string]any{"Int": math.MaxInt32, "Float": 2147483647.0}},
		{json.Number("2147483648"), map[string]any{"Float": 2147483648.0}},
		{int64(math.MinInt32) - 1, map[string]any{"Float": -2147483649.0}},
		{json.Number("5.0"), map[string]any{"Float": 5.0}},
		{json.Number("1e3"), map[string]any{"Float": 1000.0}},
		{json.Number("1e999"), nil},
		{json.Number("-1e999"), nil},
		{json.Number("NaN"), nil},
		{1.5, map[string]any{"Float": 1.5}},
		{math.NaN(), nil},
		{math.Inf(1), nil},
		{math.Inf(-1), nil},
		{true, map[string]any{"Boolean": true}},
		{false, map[string]any{"Boolean": false}},
		{"", map[string]any{"String": ""}},
		{"5", map[string]any{"String": "5"}},
		{"NaN", map[string]any{"String": "NaN"}},
		{"-Inf", map[string]any{"String": "-Inf"}},
		{"Infinity", map[string]any{"String": "Infinity"}},
		{"0x1p1", map[string]any{"String": "0x1p1"}},
		{"true", map[string]any{"String": "true"}},
		{nil, nil},
		{[]any{}, nil},
		{map[string]any{}, nil},
	} {
		for name, unmarshal := range scalars {
			got, err := unmarshal(tt.value)
			want, accepted := tt.accepted[name]
			if validated := scalar.Validate(name, tt.value); (validated == "") != accepted {
				t.Errorf("Validate(%s, %T %v) = %q, accepted: %t", name, tt.value, tt.value, validated, accepted)
			}
			if accepted && (err != nil || got != want) || !accepted && !errors.Is(err, edu.BadUserInput) {
				t.Errorf("%s of %T %v = %v, %v; want %v, accepted: %t", name, tt.value, tt.value, got, err, want, accepted)
			}
		}
	}
}

// TestValidateID checks the input coercion of ID (GraphQL specification, section 3.5.5).
func TestValidateID(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"", "x", "1.5", json.Number("4"), json.Number("-4"), json.Number("123456789012345678901"), int64(4), 4} {
		if reason := scalar.Validate("ID", v); reason != "" {
			t.Errorf("Validate(ID, %T %v) = %q", v, v, reason)
		}
	}
	for _, v := range []any{nil, true, json.Number("1.5"), json.Number("1e30"), 1.5, []any{"x"}, map[string]any{}} {
		if reason := scalar.Validate("ID", v); reason == "" {
			t.Errorf("Validate(ID, %T %v) accepted it", v, v)
		}
	}
}
