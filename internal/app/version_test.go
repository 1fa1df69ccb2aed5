package app

import (
	"os"
	"path/filepath"
	"testing"
)

// If the revision is unknown, as in this test binary, the fingerprint is the hash of the executable.
func TestBuildFingerprint(t *testing.T) {
	t.Parallel()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := hashFile(file)
	if err != nil || buildFingerprint() != sum || len(sum) != 64 {
		t.Errorf("%q is not %q: %v", buildFingerprint(), sum, err)
	}
	other := filepath.Join(t.TempDir(), "7p")
	if err := os.WriteFile(other, []byte("another program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := hashFile(other); err != nil || changed == sum {
		t.Errorf("another file has the hash %q: %v", changed, err)
	}
	if _, err := hashFile(other + "?"); err == nil {
		t.Error("a missing file has a hash")
	}
}
