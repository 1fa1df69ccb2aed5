package frontend

import (
	"encoding/json"
	"os"
	"testing"
)

// Amounts are formatted as browsers do: web/e2e/first_view.mjs compares the same file with a browser.
func TestFormatMoney(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/money.json")
	if err != nil {
		t.Fatal(err)
	}
	var formatted map[string]string
	if err := json.Unmarshal(text, &formatted); err != nil || len(formatted) < 20 {
		t.Fatalf("%d currencies, %v", len(formatted), err)
	}
	for currency, want := range formatted {
		if got := formatMoney(price{"1234.50", currency}); got != want {
			t.Errorf("%s: %q, want %q", currency, got, want)
		}
	}
	for _, tt := range []struct {
		price price
		want  string
	}{
		{price{"0.00", "JPY"}, "Free"},
		{price{"0.40", "JPY"}, "¥0"},
		{price{"1235.50", "JPY"}, "¥1,236"},
		{price{"1234567.89", "USD"}, "$1,234,567.89"},
		{price{"5.00", ""}, "5.00"},
	} {
		if got := formatMoney(tt.price); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.price, got, tt.want)
		}
	}
}
