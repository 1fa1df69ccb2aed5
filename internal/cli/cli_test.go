package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
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
		"explain cli_test.go --plans":         "explain <file>",
		"cache purge --all":                   "cache purge",
		"cache purge --tag=course:12":         "cache purge",
		"documents check --days=7 --addr=:81": "documents check",
		"documents push --server=https://api.example a.graphql": "documents push <files>",
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
	if got := app.DocumentKey("sha256:abc"); got != "abc" {
		t.Errorf("the key of a hash is %q", got)
	}
	if got := app.DocumentKey("Titles"); got != "Titles" {
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

// A check fails for a document that an active client used or that was pushed since, and warns otherwise.
func TestReportMistake(t *testing.T) {
	t.Parallel()
	since := time.Now().AddDate(0, 0, -30)
	before, after := since.Add(-time.Hour), since.Add(time.Hour)
	uses := func(clients ...string) (list []store.DocumentUse) {
		for _, client := range clients {
			list = append(list, store.DocumentUse{Client: client, LastUsed: after})
		}
		return list
	}
	ios := map[string]string{"ios": "3.2"}
	for name, tt := range map[string]struct {
		document app.UsedDocument
		broken   bool
	}{
		"used":                         {app.UsedDocument{Document: store.Document{PushedAt: before}, Uses: uses("ios")}, true},
		"pushed":                       {app.UsedDocument{Document: store.Document{PushedAt: after}, Uses: nil}, true},
		"neither":                      {app.UsedDocument{Document: store.Document{PushedAt: before}, Uses: nil}, false},
		"retired":                      {app.UsedDocument{Document: store.Document{PushedAt: after, RetiredAt: &before}, Uses: uses("ios")}, false},
		"used by a retired client":     {app.UsedDocument{Document: store.Document{PushedAt: before, RetiredClients: ios}, Uses: uses("ios")}, false},
		"used by another client":       {app.UsedDocument{Document: store.Document{PushedAt: before, RetiredClients: ios}, Uses: uses("ios", "android")}, true},
		"pushed, retired for a client": {app.UsedDocument{Document: store.Document{PushedAt: after, RetiredClients: ios}, Uses: uses("ios")}, true},
	} {
		if got := new(documentsCheckCommand).reportMistake(tt.document, since, errors.New("some mistake")); got != tt.broken {
			t.Errorf("%s: the check fails: %v, want %v", name, got, tt.broken)
		}
	}
}
