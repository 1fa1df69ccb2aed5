//go:build linux || darwin

package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the account that PostgreSQL runs as. PostgreSQL does not run as root, and initdb does not
// run under a uid without an entry in the passwd file.
type identity struct {
	mode     mode
	uid, gid int // as seen by PostgreSQL
}

type mode int

const (
	asSelf      mode = iota // this process already runs as an ordinary user
	asAccount               // root: change to the account
	asNamespace             // a user namespace that maps the account's uid to our own (Linux)
)

// hostIDs returns the owner of PostgreSQL's files: in a namespace they belong to this process.
func (account identity) hostIDs() (uid, gid int) {
	if account.mode == asNamespace {
		return os.Geteuid(), os.Getegid()
	}
	return account.uid, account.gid
}

// makeOwnedDir creates a directory of mode 0700 for PostgreSQL to write in. An existing one must belong
// to this process or to PostgreSQL: in /tmp another user may have created it before.
func (account identity) makeOwnedDir(path string) error {
	uid, gid := account.hostIDs()
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("creating a directory for PostgreSQL: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("creating a directory for PostgreSQL: %w", err)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || (owner != uid && owner != os.Geteuid()) {
		return fmt.Errorf("%s belongs to another user (uid %d): remove it, or choose a shorter data directory", path, owner)
	}
	if owner == uid {
		return nil
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		return fmt.Errorf("changing the owner of %s: %w", path, err)
	}
	return nil
}

// chooseIdentity returns the first account that can run the binaries in this directory. For root that
// is another account. If that account cannot access the files (below /root), or root cannot change its
// uid (dropped capabilities), it is a namespace, which containers often forbid. An existing cluster is
// always run by its owner.
func chooseIdentity(ctx context.Context, dir string, bin binaries) (identity, error) {
	uid := os.Geteuid()
	if uid != 0 {
		if _, err := user.LookupId(strconv.Itoa(uid)); err == nil {
			return identity{mode: asSelf, uid: uid, gid: os.Getegid()}, nil
		}
	}
	service, err := findServiceAccount()
	if err != nil {
		return identity{}, err
	}
	namespace := identity{mode: asNamespace, uid: service.uid, gid: service.gid}
	candidates := []identity{service, namespace}
	if info, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		if int(owner.Uid) == uid {
			candidates = []identity{namespace}
		} else {
			candidates = []identity{{mode: asAccount, uid: int(owner.Uid), gid: int(owner.Gid)}}
		}
	} else if uid != 0 {
		candidates = []identity{namespace}
	}
	var tried []error
	for _, account := range candidates {
		err := account.checkAccess(ctx, dir, bin)
		if err == nil {
			return account, nil
		}
		tried = append(tried, err)
	}
	return identity{}, fmt.Errorf("PostgreSQL can't run as uid %d in %s: run as an ordinary user that has a passwd entry, "+
		"choose a data directory that the account postgres can enter, or set DATABASE_URL: %w", uid, dir, errors.Join(tried...))
}

// findServiceAccount returns the account `postgres`, or `nobody` on a machine without a PostgreSQL
// package.
func findServiceAccount() (identity, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			continue
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			continue
		}
		return identity{mode: asAccount, uid: uid, gid: gid}, nil
	}
	return identity{}, errors.New("PostgreSQL doesn't run as root, and there is no service account to run it: " +
		"add one (useradd --system postgres), or set DATABASE_URL")
}

// checkAccess runs the smallest command that depends on the account, the directory and the binary.
func (account identity) checkAccess(ctx context.Context, dir string, bin binaries) error {
	cmd := newCommand(ctx, account, dir, bin.postgresPath(), "--version")
	done, err := launchCommand(cmd)
	if err == nil {
		err = <-done
	}
	if err != nil {
		return fmt.Errorf("as uid %d: %w", account.uid, err)
	}
	return nil
}

// newCommand returns a PostgreSQL program to run as an account. Its environment is nearly empty: that of
// this process holds secrets, and PGPORT, PGDATA or a broken locale would change PostgreSQL's behavior.
func newCommand(ctx context.Context, account identity, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = sysProcAttr(account)
	return cmd
}
