package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// If the revision is unknown, as in this test binary, the fingerprint is Go's build id of the executable. A file without
// one has a hash.
func TestBuildFingerprint(t *testing.T) {
	t.Parallel()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	id, err := exec.CommandContext(t.Context(), "go", "tool", "buildid", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(id)); runtime.GOOS == "linux" && (want == "" || buildFingerprint() != want) {
		t.Errorf("%q is not %q", buildFingerprint(), want)
	}
	sum, err := hashFile(file)
	if err != nil || len(sum) != 64 {
		t.Errorf("%q: %v", sum, err)
	}
	other := filepath.Join(t.TempDir(), "7p")
	if err := os.WriteFile(other, []byte("another program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if id := readBuildID(other); id != "" {
		t.Errorf("another file has the id %q", id)
	}
	if changed, err := hashFile(other); err != nil || changed == sum {
		t.Errorf("another file has the hash %q: %v", changed, err)
	}
	if _, err := hashFile(other + "?"); err == nil {
		t.Error("a missing file has a hash")
	}
}
