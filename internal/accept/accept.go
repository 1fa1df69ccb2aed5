// Package accept parses the headers Accept and Accept-Encoding.
package accept

import (
	"iter"
	"strings"
)

// Parse yields the items of an Accept or Accept-Encoding header with their quality in
// thousandths, 0 to 1000 (RFC 9110, section 12.4.2). Names are trimmed and keep the caller's
// spelling. Parameters other than q are dropped. An item with a malformed q has quality 0, which
// means not acceptable.
func Parse(header string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for item := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(item, ";")
			name = strings.Trim(name, " \t")
			if name != "" && !yield(name, parseQuality(params)) {
				return
			}
		}
	}
}

func parseQuality(params string) int {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.Trim(param, " \t"), "=")
		if key == "q" || key == "Q" {
			return parseThousandths(value)
		}
	}
	return 1000
}

// parseThousandths parses "0", "1", "0.5" or "0.123", and returns 0 for any other text.
func parseThousandths(s string) int {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > 3 || (whole != "0" && whole != "1") {
		return 0
	}
	n, unit := int(whole[0]-'0')*1000, 100
	for i := range len(fraction) {
		if fraction[i] < '0' || fraction[i] > '9' {
			return 0
		}
		n += int(fraction[i]-'0') * unit
		unit /= 10
	}
	return min(n, 1000)
}
