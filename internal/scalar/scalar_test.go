package scalar_test

import (
	"errors"
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
	for _, v := range []any{"", "2026-01-31", "2026-01-31 09:30:00Z", "2026-01-31T09:30:00", "2026-02-30T00:00:00Z", 1769851800, nil, true} {
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
	for _, v := range []any{49.9, 1, nil, "", "a", "1e3", "NaN"} {
		if d, err := scalar.UnmarshalDecimal(v); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("UnmarshalDecimal(%v) = %v, %v; want BAD_USER_INPUT", v, d, err)
		}
	}
	if d, err := scalar.UnmarshalDecimal("0.10"); d != "0.10" || err != nil {
		t.Errorf("UnmarshalDecimal(0.10) = %v, %v", d, err)
	}
}
