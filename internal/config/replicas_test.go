package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/config"
)

func TestPostgresURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.PostgresURLs{
		"":                                 nil,
		"postgres://a/7p":                  {"postgres://a/7p"},
		"postgres://a,b/7p":                {"postgres://a,b/7p"}, // two hosts of one database
		"postgres://a/7p postgresql://b":   {"postgres://a/7p", "postgresql://b"},
		"postgres://a/7p, postgres://b,\n": {"postgres://a/7p", "postgres://b"},
		"host=a password='x y' dbname=7p":  {"host=a password='x y' dbname=7p"},
	} {
		var got config.PostgresURLs
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	var got config.PostgresURLs
	if err := got.UnmarshalText([]byte("redis://u:hush@db")); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("another address: %v", err)
	}
}
