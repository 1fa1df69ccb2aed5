//go:build linux || darwin

package embedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// clusterMajor returns the major version that created a data directory, or 0 if there is no directory.
func clusterMajor(data string) (int, error) {
	file, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Lstat(data); errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		return 0, fmt.Errorf("%s holds no PostgreSQL cluster (no PG_VERSION): move it away or choose another directory", data)
	}
	if err != nil {
		return 0, fmt.Errorf("reading the version of the cluster: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(file)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION isn't a major version: %w", data, err)
	}
	return major, nil
}

// ensureCluster creates the cluster if there is none. initdb works in data.new, which is renamed when
// it is complete, so an initdb that is killed leaves no partial cluster.
func ensureCluster(ctx context.Context, o Options, s *Server, bin binaries, account identity) error {
	data := filepath.Join(s.dir, "data")
	if _, err := os.Stat(data); err == nil {
		return nil
	}
	o.Progress("creating a PostgreSQL %d cluster in %s", bin.major, data)
	fresh := data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("removing an unfinished cluster: %w", err)
	}
	if err := account.makeOwnedDir(fresh); err != nil {
		return err
	}
	// With --locale=C, lower() and pg_trgm would ignore every letter beyond ASCII.
	err := runInitdb(ctx, s.dir, bin, account, "C.UTF-8")
	if err != nil && runtime.GOOS == "darwin" { // older versions of macOS lack C.UTF-8
		err = runInitdb(ctx, s.dir, bin, account, "en_US.UTF-8")
	}
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, data); err != nil {
		return fmt.Errorf("renaming the new cluster: %w", err)
	}
	return nil
}

func runInitdb(ctx context.Context, dir string, bin binaries, account identity, locale string) error {
	cmd := newCommand(ctx, account, dir, bin.initdbPath(), "--pgdata=data.new", "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale="+locale, "--no-sync", "--no-instructions")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second // a killed initdb may leave a child that holds the pipe
	done, err := launchCommand(cmd)
	if err == nil {
		err = <-done
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}
