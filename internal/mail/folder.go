package mail

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxFolderFiles is the number of mails that a Folder stores; older ones are deleted.
const maxFolderFiles = 100

// Folder writes mails into files and shows them in the log. It is for development: readers of
// the log can use the links in them.
type Folder struct {
	dir  string
	from Sender
	log  *slog.Logger
}

// NewFolder returns a Folder that writes to a directory, which it creates with the first mail.
func NewFolder(dir string, from Sender, log *slog.Logger) *Folder {
	return &Folder{dir, from, log}
}

// Send writes a mail to a new file, which only its owner can read.
func (f *Folder) Send(ctx context.Context, m Message) error {
	msg, err := buildMessage(f.from, m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(f.dir, time.Now().UTC().Format("20060102T150405.000000-*.eml"))
	if err != nil {
		return err
	}
	_, err = msg.WriteTo(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	f.log.InfoContext(ctx, "mail written to a file: SMTP_URL is not set", "to", m.To, "subject", m.Subject, "text", m.Text, "file", file.Name())
	return f.deleteOldFiles()
}

// deleteOldFiles deletes the oldest files beyond maxFolderFiles.
func (f *Folder) deleteOldFiles() error {
	files, err := filepath.Glob(filepath.Join(f.dir, "*.eml"))
	if err != nil {
		return err
	}
	slices.Sort(files) // by time
	for _, old := range files[:max(0, len(files)-maxFolderFiles)] {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
