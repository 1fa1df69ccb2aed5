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

// identity is the account PostgreSQL runs as. PostgreSQL refuses to be root, and initdb refuses a
// uid that has no entry in the passwd file.
type identity struct {
	mode     mode
	uid, gid int // as PostgreSQL sees them
}

type mode int

const (
	asSelf      mode = iota // we are an ordinary user already
	asAccount               // root: change to the account
	asNamespace             // a user namespace in which our own uid looks like the account's (Linux)
)

// hostIDs own PostgreSQL's files: within a namespace they are ours.
func (who identity) hostIDs() (uid, gid int) {
	if who.mode == asNamespace {
		return os.Geteuid(), os.Getegid()
	}
	return who.uid, who.gid
}

// makeOwnedDir makes a directory of mode 0700 for PostgreSQL to write in. An existing one must be ours or
// PostgreSQL's: in /tmp anybody may have made it before us.
func (who identity) makeOwnedDir(path string) error {
	uid, gid := who.hostIDs()
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("making a directory for PostgreSQL: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("making a directory for PostgreSQL: %w", err)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || (owner != uid && owner != os.Geteuid()) {
		return fmt.Errorf("%s is somebody else's (uid %d): remove it, or choose a shorter data directory", path, owner)
	}
	if owner == uid {
		return nil
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		return fmt.Errorf("giving %s to PostgreSQL: %w", path, err)
	}
	return nil
}

// chooseIdentity takes the first account that can really run the binaries in this directory. For
// root that is another account; where that account can't reach the files (below /root), or where
// root may not change its uid (dropped capabilities), it is a namespace, which containers in turn
// often forbid. An existing cluster is always run by its owner.
func chooseIdentity(ctx context.Context, dir string, bin binaries) (identity, error) {
	uid := os.Geteuid()
	if uid != 0 {
		if _, err := user.LookupId(strconv.Itoa(uid)); err == nil {
			return identity{mode: asSelf, uid: uid, gid: os.Getegid()}, nil
		}
	}
	account, err := findServiceAccount()
	if err != nil {
		return identity{}, err
	}
	self := identity{mode: asNamespace, uid: account.uid, gid: account.gid}
	candidates := []identity{account, self}
	if info, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		if int(owner.Uid) == uid {
			candidates = []identity{self}
		} else {
			candidates = []identity{{mode: asAccount, uid: int(owner.Uid), gid: int(owner.Gid)}}
		}
	} else if uid != 0 {
		candidates = []identity{self}
	}
	var tried []error
	for _, who := range candidates {
		err := who.checkAccess(ctx, dir, bin)
		if err == nil {
			return who, nil
		}
		tried = append(tried, err)
	}
	return identity{}, fmt.Errorf("PostgreSQL can't run as uid %d in %s: run as an ordinary user that has a passwd entry, "+
		"choose a data directory that the account postgres can enter, or set DATABASE_URL: %w", uid, dir, errors.Join(tried...))
}

// findServiceAccount is postgres, or nobody on a machine without a PostgreSQL package.
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
	return identity{}, errors.New("PostgreSQL doesn't run as root, and there is no account postgres or nobody to run it: " +
		"add one (useradd --system postgres), or set DATABASE_URL")
}

// checkAccess runs the smallest command with everything that can fail: the account, the directory, the binary.
func (who identity) checkAccess(ctx context.Context, dir string, bin binaries) error {
	cmd := newCommand(ctx, who, dir, bin.postgresPath(), "--version")
	done, err := launchCommand(cmd)
	if err == nil {
		err = <-done
	}
	if err != nil {
		return fmt.Errorf("as uid %d: %w", who.uid, err)
	}
	return nil
}

// newCommand is a PostgreSQL program run by this account. Its environment is nearly empty: ours holds
// secrets, and PGPORT, PGDATA or a broken locale would change what PostgreSQL does.
func newCommand(ctx context.Context, who identity, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = sysProcAttr(who)
	return cmd
}
