package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
)

// buildVersion tells what the binary was built from.
func buildVersion() string {
	v, _ := readBuildInfo()
	return v
}

// readBuildInfo tells what the binary was built from, and whether that says all of its code:
// not where the revision is not known, or what was built was not committed.
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

// buildFingerprint changes whenever the code does, so that no program gives the answers of another:
// it is the version, or where that does not say all, of the file that runs.
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
		return rand.Text() // like no other
	}
	return v
}

// hashFile is the SHA-256 of a file; 50 MB take 0.03 s.
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
