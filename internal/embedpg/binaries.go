//go:build linux || darwin

package embedpg

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest PostgreSQL that the schema runs on.
const oldestMajor = 15

// systemDirs are where packages put the server's programs: Debian, Red Hat, Alpine, Homebrew on both
// processors, and Postgres.app.
var systemDirs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// binaries is a directory that holds initdb and postgres, both of one major version.
type binaries struct {
	dir   string
	major int
}

func (b binaries) initdbPath() string   { return filepath.Join(b.dir, "initdb") }
func (b binaries) postgresPath() string { return filepath.Join(b.dir, "postgres") }

// findBinaries returns the first usable binaries, in this order: the directory in Options.BinDir; the
// initdb on PATH; the newest of the machine's packages; those fetched earlier; and, if allowed, those
// that it fetches now. An existing cluster opens only with the major version that created it.
func findBinaries(ctx context.Context, o Options, data string) (binaries, error) {
	want, err := clusterMajor(data)
	if err != nil {
		return binaries{}, err
	}
	home, homeErr := applicationDir() // a user without a home may still have binaries
	found := installedBinaries(ctx, o.BinDir, home)
	for _, b := range found {
		if want == b.major || want == 0 && b.major >= oldestMajor {
			return b, nil
		}
	}
	if o.Fetch && o.BinDir == "" && (want == 0 || want == fetchMajor) {
		if homeErr != nil {
			return binaries{}, homeErr
		}
		return fetchBinaries(ctx, o, home)
	}
	return binaries{}, newMissingError(o, found, want, data)
}

// installedBinaries lists what the machine has, best first.
func installedBinaries(ctx context.Context, binDir, home string) []binaries {
	if binDir != "" {
		return probeDirs(ctx, binDir)
	}
	var first, packaged []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // postgres is beside the real one
			first = append(first, filepath.Dir(path))
		}
	}
	for _, pattern := range systemDirs {
		dirs, _ := filepath.Glob(pattern) // the only error is a bad pattern
		packaged = append(packaged, dirs...)
	}
	system := probeDirs(ctx, packaged...)
	slices.SortStableFunc(system, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	found := append(probeDirs(ctx, first...), system...)
	if home != "" {
		found = append(found, probeDirs(ctx, fetchedBinDir(home))...)
	}
	return found
}

// probeDirs returns the directories with both programs, and their versions.
func probeDirs(ctx context.Context, dirs ...string) []binaries {
	var all []binaries
	for _, dir := range dirs {
		b := binaries{dir: dir}
		if _, err := exec.LookPath(b.initdbPath()); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, b.postgresPath(), "--version").Output()
		if err != nil {
			continue
		}
		if b.major = parseMajor(string(out)); b.major > 0 {
			all = append(all, b)
		}
	}
	return all
}

// parseMajor parses "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"; betas say "18beta1".
func parseMajor(version string) int {
	_, number, _ := strings.Cut(version, "(PostgreSQL) ")
	digits := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(number)
	}
	major, _ := strconv.Atoi(number[:digits]) // 0 for the output of another program
	return major
}

func newMissingError(o Options, found []binaries, want int, data string) error {
	needed := fmt.Sprintf("PostgreSQL %d or newer", oldestMajor)
	if want > 0 {
		needed = fmt.Sprintf("PostgreSQL %d, which created the cluster in %s,", want, data)
	}
	var have []string
	for _, b := range found {
		have = append(have, fmt.Sprintf("%d in %s", b.major, b.dir))
	}
	if len(have) == 0 {
		have = []string{"none"}
	}
	searched := append([]string{"PATH"}, systemDirs...)
	if o.BinDir != "" {
		searched = []string{o.BinDir}
	}
	return &noBinariesError{
		needed: needed, found: strings.Join(have, ", "), searched: strings.Join(searched, ", "),
		major: cmp.Or(want, oldestMajor),
	}
}
