package validate_test

import (
	"testing"

	"github.com/7p-education/api/internal/validate"
)

func TestValidateLineAndText(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"Ada": true, "e\u0301": true, "日本語": true, "👩\u200d💻": true, "می\u200cخواهم": true, "a\u00a0b": true,
		"": false, " ": false, "\u200b": false, "\u3164": false, "\u2800\u2009": false,
		"a\x00": false, "a\x1b[2J": false, "a\nb": false, "a\u0085": false,
		"\u202eadA": false, "a\u2066b": false, "four!": false,
	} {
		in := validate.New("input")
		in.ValidateLine("name", text, 1, 4)
		if long := len([]rune(text)) > 4; !long && (in.Err() == nil) != valid || text == "four!" && in.Err() == nil {
			t.Errorf("ValidateLine(%q): error %v, want valid: %v", text, in.Err(), valid)
		}
	}
	in := validate.New("input")
	if got := in.ValidateText("body", "e\u0301\r\n\tx", 0, 9); got != "é\r\n\tx" || in.Err() != nil {
		t.Errorf("ValidateText = %q, error %v", got, in.Err())
	}
}

func TestValidateURL(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"https://example.com/a%20b.png?x=1&y=[2]#z": true, "http://[::1]:80/": true,
		"ftp://example.com": false, "//example.com": false, "https://": false, "https://u:p@example.com": false,
		"http://a/\"><script>": false, "https://ex\u202eample.com": false, "https://bücher.example": false, "https://a b": false,
	} {
		in := validate.New("input")
		in.ValidateURL("thumbnailUrl", text, 100)
		if (in.Err() == nil) != valid {
			t.Errorf("ValidateURL(%q): error %v, want valid: %v", text, in.Err(), valid)
		}
	}
}
