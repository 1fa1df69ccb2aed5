package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/config"
)

// parseCommand parses a command line without running it.
func parseCommand(args ...string) (line commandLine, command string, err error) {
	chosen, err := config.Parse(&line, &line.Settings, args)
	if err != nil {
		return line, "", err
	}
	return line, chosen.Command(), nil
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                    "serve",
		"--addr=:1":                           "serve",
		"token --email=a@b.example":           "token",
		"migrate up":                          "migrate up",
		"migrate status":                      "migrate status",
		"account deactivate --email=a@b":      "account deactivate",
		"cache warm a.graphql":                "cache warm <files>",
		"documents retire x":                  "documents retire <id>",
		"documents restore x":                 "documents restore <id>",
		"seed --scale=medium":                 "seed",
		"cache purge --all":                   "cache purge",
		"cache purge --tag=course:12":         "cache purge",
		"documents check --days=7 --addr=:81": "documents check",
	} {
		if _, command, err := parseCommand(strings.Fields(args)...); err != nil || command != want {
			t.Errorf("%q is %q, %v; want %q", args, command, err, want)
		}
	}
	line, _, err := parseCommand("account", "deactivate", "--email=a@b.example", "--addr=:81")
	if err != nil || line.Account.Deactivate.Email != "a@b.example" || line.Settings.Addr != ":81" {
		t.Errorf("%+v, %v", line, err)
	}
}

// A purge names either tags or all responses.
func TestCachePurgeArguments(t *testing.T) {
	t.Parallel()
	line, _, err := parseCommand("cache", "purge", "--tag=course:12", "--tag=courses")
	if p := line.Cache.Purge; err != nil || len(p.Tags) != 2 || p.All {
		t.Errorf("%+v, %v", p, err)
	}
	if line, _, err = parseCommand("cache", "purge", "--all"); err != nil || !line.Cache.Purge.All {
		t.Errorf("%+v, %v", line.Cache.Purge, err)
	}
	for _, args := range [][]string{{}, {"--all", "--tag=courses"}} {
		if _, _, err := parseCommand(append([]string{"cache", "purge"}, args...)...); err == nil || !strings.Contains(err.Error(), "--all") || !strings.Contains(err.Error(), "--tag") {
			t.Errorf("%q: %v, want an error that names --tag and --all", args, err)
		}
	}
}

func TestParseTagArgument(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"courses": "courses", "course:12": "course:12", "course:Q291cnNlOjE": "course:1", "course:Q291cnNlOjE.videos": "course:1.videos",
		"course": "", "user:Q291cnNlOjE": "", "": "",
	} {
		tag, err := parseTagArgument(argument)
		if got := tag.String(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q is %q, %v; want %q", argument, got, err, want)
		}
	}
}

func TestDocumentKey(t *testing.T) {
	t.Parallel()
	if got := documentKey("sha256:abc"); got != "abc" {
		t.Errorf("the key of a hash is %q", got)
	}
	if got := documentKey("Titles"); got != "Titles" {
		t.Errorf("the key of another ID is %q", got)
	}
}

// Messages for the terminal have neither codes nor the prefix of package store.
func TestUserMessage(t *testing.T) {
	t.Parallel()
	known := &edu.Error{Code: edu.NotFound, Message: "there is no course 1"}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("some error"), "some error"},
		{fmt.Errorf("store: retire: %w", known), "retire: there is no course 1"},
		{known, "there is no course 1"},
	} {
		if got := userMessage(tt.err); got != tt.want {
			t.Errorf("%v is printed as %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestFormatBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0.0 KiB", 1536: "1.5 KiB", 3 << 20: "3.0 MiB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
}
