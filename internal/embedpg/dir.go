package embedpg

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// DefaultDir returns the directory of the development database. For root it is /var/lib/7p/postgres,
// because PostgreSQL then runs as another account and cannot enter /root; for other users it is
// 7p/postgres in their cache directory. It fails if the user has no home directory.
func DefaultDir() (string, error) {
	home, err := applicationDir()
	return filepath.Join(home, "postgres"), err
}

// applicationDir returns the directory of the default cluster and the fetched binaries.
func applicationDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/7p", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for the embedded PostgreSQL, choose one or set DATABASE_URL: %w", err)
	}
	return filepath.Join(cache, "7p"), nil
}

// makeRootDir returns the absolute root directory and creates it if necessary. This process owns it:
// PostgreSQL, which may run as another account, passes through it and writes only in data and sock.
func makeRootDir(o Options) (dir string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("creating the directory of the embedded PostgreSQL: %w", err)
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

// socketDir returns <dir>/sock, or a short name under /tmp if the socket's path would exceed the 107
// bytes of sockaddr_un (103 on macOS). It is derived from dir alone, not from TMPDIR, so that a second
// program finds it. Symbolic links are resolved first, so that a directory has one name.
func socketDir(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the directory of the socket: %w", err)
	}
	sock := filepath.Join(dir, "sock")
	if len(sock)+len("/.s.PGSQL."+port) <= 103 {
		return sock, nil
	}
	return fmt.Sprintf("/tmp/7p-%x", sha256.Sum256([]byte(dir)))[:len("/tmp/7p-")+16], nil
}
