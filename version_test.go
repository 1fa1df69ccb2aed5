package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Answers of a program whose revision is not known, as this test's is not, are those of
// its file alone.
func TestCodeIsToldApart(t *testing.T) {
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
		t.Errorf("another file is %q too: %v", changed, err)
	}
	if _, err := hashFile(other + "?"); err == nil {
		t.Error("a file that is not there has a sum")
	}
}
