package middleware_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestForwardedTokens checks which bytes a parameter's name may have (RFC 9110 section 5.6.2).
func TestForwardedTokens(t *testing.T) {
	t.Parallel()
	const special = "!#$%&'*+-.^_`|~"
	for c := byte(' ') + 1; c < 0x7f; c++ {
		valid := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(special, c) >= 0
		want := "10.0.0.1"
		if valid {
			want = "203.0.113.9"
		}
		line := fmt.Sprintf("x%cy=1;for=203.0.113.9", c)
		if got := clientOf(t, proxy, rfc, line).Address.String(); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	for _, line := range []string{"for", "for=", "for=203.0.113.9;", "for=203.0.113.9;x", `for="203.0.113.9`, `for="203.0.113.9\`} {
		got, want := clientOf(t, proxy, rfc, line).Address.String(), "10.0.0.1"
		if strings.HasSuffix(line, ".9;") {
			want = "203.0.113.9"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// TestLimitsOfForwarding checks the longest line and the longest chain that are read.
func TestLimitsOfForwarding(t *testing.T) {
	t.Parallel()
	line := "for=203.0.113.9;x="
	line += strings.Repeat("y", 4<<10-len(line))
	if got := clientOf(t, proxy, rfc, line).Address.String(); got != "203.0.113.9" {
		t.Errorf("a line of %d bytes: %s", len(line), got)
	}
	if got := clientOf(t, proxy, rfc, line+"y").Address.String(); got != "10.0.0.1" {
		t.Errorf("a line of %d bytes: %s", len(line)+1, got)
	}
	chain := strings.Repeat(", 10.0.0.2", 19)
	if got := clientOf(t, proxy, xff, "203.0.113.9"+chain).Address.String(); got != "203.0.113.9" {
		t.Errorf("behind 19 proxies: %s", got)
	}
	if got := clientOf(t, proxy, xff, "203.0.113.9"+chain+", 10.0.0.2").Address.String(); got != "10.0.0.2" {
		t.Errorf("behind 20 proxies: %s, want the last that is read", got)
	}
	if got := clientOf(t, proxy, xff, "203.0.113.9", xff, ",10.0.0.2").Address.String(); got != "10.0.0.2" {
		t.Errorf("after an empty entry: %s, want the proxy that does not name its client", got)
	}
}
