package accept_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/accept"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                               "",
		"gzip":                           "gzip=1000",
		"GZIP;Q=0.5, br":                 "GZIP=500 br=1000",
		" gzip ; q=0.123 ,,\t*;q=0":      "gzip=123 *=0",
		"application/json;v=1;q=0.25":    "application/json=250",
		"a;q=1.000, b;q=1.001, c;q=0.05": "a=1000 b=1000 c=50",
		"a;q=x, b;q=2, c;q=0.1234, d;q=": "a=0 b=0 c=0 d=0",
	} {
		var got []string
		for name, quality := range accept.Parse(header) {
			got = append(got, fmt.Sprintf("%s=%d", name, quality))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}
