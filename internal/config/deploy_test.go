package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// settingInFile is a variable in a file of deploy/: a name of an environment variable and its value.
var settingInFile = regexp.MustCompile(`(?m)(?:^\s+|name: |^Environment=|\s)([A-Z][A-Z0-9_]{4,})(?:=|: |, value: )`)

// otherVariables are variables in deploy/ that other programs read.
var otherVariables = []string{"POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD", "PGPASSWORD", "CGO_ENABLED", "GOMEMLIMIT"}

// The files of deploy/ set no variable that the server does not read.
func TestDeployedSettings(t *testing.T) {
	t.Parallel()
	reference, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, dir := range []string{"docker", "kubernetes", "systemd"} {
		err := filepath.WalkDir(filepath.Join("../../deploy", dir), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range settingInFile.FindAllStringSubmatch(string(text), -1) {
				name := strings.TrimSuffix(m[1], "_FILE")
				if found++; !slices.Contains(otherVariables, name) && !strings.Contains(string(reference), "`"+name+"`") {
					t.Errorf("%s sets %s", file, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 20 {
		t.Errorf("only %d variables were found", found)
	}
}
