package app

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"

	"github.com/7p-education/api/internal/telemetry"
)

// BuildVersion returns the module version, the Go version and the revision of the binary.
func BuildVersion() string {
	v, _ := readBuildInfo()
	return v
}

// addBuildInfo registers the metric of the build.
func addBuildInfo(m *telemetry.Metrics) {
	version, goVersion, revision := "unknown", "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	m.RegisterGauge("sevenp_build_info", "The build of the process; the value is 1.", func() float64 { return 1 },
		"version", version, "go_version", goVersion, "revision", revision)
}

// readBuildInfo returns the version of the binary. complete reports whether the version identifies
// the code: it does not if the revision is unknown or had uncommitted changes.
func readBuildInfo() (version string, complete bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "7p", false
	}
	version = "7p " + info.Main.Version + " " + info.GoVersion
	modified := false
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version, complete = version+" "+s.Value, true
		case s.Key == "vcs.modified" && s.Value == "true":
			version, modified = version+" modified", true
		}
	}
	return version, complete && !modified
}

// buildFingerprint returns a text that differs between any two builds of different code, so that
// they do not share cached responses. It is the version if that identifies the code, and otherwise
// the hash of the executable.
func buildFingerprint() string {
	v, complete := readBuildInfo()
	if complete {
		return v
	}
	file, err := os.Executable()
	if err == nil {
		v, err = hashFile(file)
	}
	if err != nil {
		return rand.Text() // shared with no other process
	}
	return v
}

// hashFile returns the SHA-256 of a file; 50 MB take 0.03 s.
func hashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
