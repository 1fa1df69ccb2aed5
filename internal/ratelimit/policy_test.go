package ratelimit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/ratelimit"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]ratelimit.Policy{
		"off":          {},
		"100/15m":      {Limit: 100, Window: 15 * time.Minute},
		"1/1s":         {Limit: 1, Window: time.Second},
		"10000/1s":     {Limit: 10000, Window: time.Second},
		"5/744h":       {Limit: 5, Window: 744 * time.Hour},
		"600/1h30m10s": {Limit: 600, Window: 90*time.Minute + 10*time.Second},
	} {
		got, err := ratelimit.ParsePolicy(s)
		if err != nil || got != want || got.Disabled() != (s == "off") {
			t.Errorf("%s: got %+v, %v", s, got, err)
		}
		if again, err := ratelimit.ParsePolicy(got.String()); err != nil || again != got {
			t.Errorf("%s: formatted as %s, which parses as %+v, %v", s, got, again, err)
		}
	}
}

func TestParsePolicyRejects(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":            `no "/"`,
		"100":         `no "/"`,
		"OFF":         `no "/"`,
		"x/15m":       `"x" is not a number`,
		"0/15m":       `"0" is not a number of requests of at least 1`,
		"-1/15m":      `"-1" is not a number`,
		"1e3/15m":     `"1e3" is not a number`,
		" 100/15m":    `" 100" is not a number`,
		"100/15":      `"15" is not a duration`,
		"100/m":       `"m" is not a duration`,
		"100/15m/2":   `"15m/2" is not a duration`,
		"100/500ms":   "whole seconds",
		"100/1.5s":    "whole seconds",
		"100/-15m":    "whole seconds",
		"100/745h":    "from 1s to 744h",
		"10001/1s":    "more than 10000 requests a second",
		"99999999/1m": "more than 10000 requests a second",
	} {
		_, err := ratelimit.ParsePolicy(s)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"100/15m"`) {
			t.Errorf("%q: got %v, want %s", s, err, want)
		}
	}
}
