package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var exactVersion = regexp.MustCompile(`^\d+\.\d+\.\d+(-[\w.]+)?$`)

// npmManifest is a package.json, or the root of a lock file.
type npmManifest struct{ Dependencies map[string]string }

// Each version of a peer's npm package is exact, and the lock file is of the same ones. Lock files
// without download addresses are checked by scripts/test.
func TestPeerVersions(t *testing.T) {
	t.Parallel()
	manifests, err := filepath.Glob("peers/*/package.json")
	if err != nil || len(manifests) < 2 {
		t.Fatalf("found %d peers with npm packages, %v", len(manifests), err)
	}
	for _, file := range manifests {
		var manifest npmManifest
		var lock struct {
			Packages map[string]struct {
				npmManifest
				Version, Integrity string
			}
		}
		readJSON(t, file, &manifest)
		readJSON(t, filepath.Join(filepath.Dir(file), "package-lock.json"), &lock)
		if n := len(lock.Packages[""].Dependencies); n != len(manifest.Dependencies) {
			t.Errorf("%s has %d dependencies, its lock file %d", file, len(manifest.Dependencies), n)
		}
		for name, version := range manifest.Dependencies {
			if !exactVersion.MatchString(version) {
				t.Errorf("%s: version of %s is not exact: %s", file, name, version)
			}
			if locked := lock.Packages["node_modules/"+name].Version; locked != version {
				t.Errorf("%s: the lock file has %s %s, not %s", file, name, locked, version)
			}
		}
		for name, locked := range lock.Packages {
			if name != "" && locked.Integrity == "" {
				t.Errorf("%s: the lock file has no checksum of %s", file, name)
			}
		}
	}
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
}
