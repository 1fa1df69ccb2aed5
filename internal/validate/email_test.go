package validate_test

import (
	"strings"
	"testing"

	"github.com/7p-education/api/internal/validate"
)

func TestValidateEmail(t *testing.T) {
	t.Parallel()
	for email, valid := range map[string]bool{
		"ada@7p.example": true, "o'brien+7p@mail.7p.example": true, "a@localhost": true, "1@1.2": true,
		strings.Repeat("a", 243) + "@7p.example": true, strings.Repeat("a", 244) + "@7p.example": false,
		"ada@" + strings.Repeat("b", 63) + ".example": true, "ada@" + strings.Repeat("b", 64) + ".example": false,
		"": false, "@": false, "ada": false, "ada@": false, "@7p.example": false, "a@b@7p.example": false, "a b@7p.example": false,
		" ada@7p.example": true, "ada@7p.example\r\n": true, "\ufeffada@7p.example\u00a0": true, " ": false, "ada@7p..example": false, "ada@-7p.example": false, "ada@7p.example.": false,
		"Ada <ada@7p.example>": false, "ádá@7p.example": false, "ada@münchen.example": false, "a\x00@7p.example": false,
	} {
		in := validate.New("input")
		if got := in.ValidateEmail("email", email); got != strings.Trim(email, " \r\n\ufeff\u00a0") {
			t.Errorf("ValidateEmail(%q) = %q, want it trimmed", email, got)
		}
		if (in.Err() == nil) != valid {
			t.Errorf("ValidateEmail(%.40q): error %v, want valid: %v", email, in.Err(), valid)
		}
	}
}
