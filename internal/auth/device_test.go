package auth_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/7p-education/api/internal/auth"
)

func TestDescribeDevice(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                   "Chrome on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   "Chrome on Pixel 8",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":           "Edge on Windows",
		"7p-app/2.0 (iPhone; iOS 17.5; Scale/3.00)": "7p-app on iPhone",
		"okhttp/4.12.0":               "okhttp",
		"Apollo iOS Client":           "Apollo iOS Client",
		"a\x00b\x1b[31m\u202ec\xff/1": "ab[31mc",
		strings.Repeat("é", 1000):     strings.Repeat("é", 100),
		"/":                           "",
		"Mozilla/5.0":                 "Mozilla",
		" \t ":                        "",
		"Mozilla/5.0 (" + strings.Repeat("(;", 10_000) + "\xff": "Mozilla",
	} {
		if got := auth.DescribeDevice(header); got != want || !utf8.ValidString(got) {
			t.Errorf("%.60q is described as %q, want %q", header, got, want)
		}
	}
}
