package embedpg

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// DefaultDir is where the development database is kept: /var/lib/7p/postgres for root, because
// PostgreSQL runs as another account then and couldn't enter /root, and 7p/postgres in the user's
// cache directory for everybody else. It fails when the user has no home directory.
func DefaultDir() (string, error) {
	home, err := applicationDir()
	return filepath.Join(home, "postgres"), err
}

// applicationDir holds the default cluster and the fetched binaries.
func applicationDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/7p", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the embedded PostgreSQL, name one or set DATABASE_URL: %w", err)
	}
	return filepath.Join(cache, "7p"), nil
}

// makeRootDir returns the absolute root directory, made when missing. It stays ours: PostgreSQL, which
// may run as another account, passes through it and writes in data and sock only.
func makeRootDir(o Options) (dir string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("making the directory of the embedded PostgreSQL: %w", err)
		}
	}()
	if o.Ephemeral {
		if dir, err = os.MkdirTemp("", "7p-postgres-"); err != nil {
			return "", err
		}
		return dir, os.Chmod(dir, 0o711)
	}
	dir = o.Dir
	if dir == "" {
		if dir, err = DefaultDir(); err != nil {
			return "", err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// socketDir is <dir>/sock, or a short name under /tmp when the socket's path would be longer than
// the 107 bytes of sockaddr_un (103 on macOS). It is derived from dir alone, not from TMPDIR, so
// that a second program finds it. Links are resolved first, for one name per directory.
func socketDir(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("finding the place of the socket: %w", err)
	}
	sock := filepath.Join(dir, "sock")
	if len(sock)+len("/.s.PGSQL."+port) <= 103 {
		return sock, nil
	}
	return fmt.Sprintf("/tmp/7p-%x", sha256.Sum256([]byte(dir)))[:len("/tmp/7p-")+16], nil
}
