package mail_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/mail"
)

// A folder has the latest mails as files that only their owner can read, and the log shows each.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mails")
	var log bytes.Buffer
	f := mail.NewFolder(dir, from, slog.New(slog.NewTextHandler(&log, nil)))
	for range 105 {
		if err := f.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) != 100 {
		t.Fatalf("%d files, %v; want the latest 100", len(files), err)
	}
	text, err := os.ReadFile(files[99])
	if err != nil || !strings.Contains(string(text), "To: <ada@7p.example>") {
		t.Errorf("the mail is %q, %v", text, err)
	}
	if info, err := os.Stat(files[99]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if n := strings.Count(log.String(), "#token=abc"); n != 105 || !strings.Contains(log.String(), files[99]) {
		t.Errorf("%d mails are in the log, want 105 with their files", n)
	}
	if err := f.Send(t.Context(), mail.Message{To: "ada"}); err == nil {
		t.Error("an invalid address is accepted")
	}
}
