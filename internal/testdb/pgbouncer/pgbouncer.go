//go:build linux || darwin

// Package pgbouncer runs a PgBouncer in front of a PostgreSQL cluster, for tests and benchmarks.
package pgbouncer

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
	"time"

	"github.com/jackc/pgx/v5"
)

// port is the suffix of the socket. PgBouncer listens on no network.
const port = 6432

// Server is a running PgBouncer.
type Server struct {
	// Dir has the socket, pgbouncer.ini and the log.
	Dir     string
	cmd     *exec.Cmd
	account *syscall.Credential // nil for this process's own
}

// Start starts a PgBouncer in transaction mode, which leads every database name to the database of that name in the
// cluster of a DSN. Settings are lines of pgbouncer.ini, such as "default_pool_size = 50"; they may repeat others.
func Start(ctx context.Context, dsn string, settings ...string) (*Server, error) {
	target, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	return StartWith(ctx, func(dir string) string {
		ini := fmt.Sprintf("[databases]\n* = host=%s port=%d user=%s\n\n[pgbouncer]\n", target.Host, target.Port, target.User) +
			fmt.Sprintf("unix_socket_dir = %s\nlisten_addr =\nlisten_port = %d\nauth_type = any\nadmin_users = %s\n", dir, port, target.User) +
			"pool_mode = transaction\nlogfile = " + filepath.Join(dir, "log") + "\n"
		for _, s := range settings {
			ini += s + "\n"
		}
		return ini
	})
}

// StartWith starts a PgBouncer with a pgbouncer.ini for a directory, in which its socket must be. Its file of users may
// be there too.
func StartWith(ctx context.Context, ini func(dir string) string) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "7p-pgbouncer-")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(ini(dir)), 0o644); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 { // PgBouncer does not run as root
		if err := s.useServiceAccount(); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return s, s.Restart(ctx)
}

// Restart starts PgBouncer again after Kill, at the same address.
func (s *Server) Restart(ctx context.Context) error {
	_ = os.Remove(s.socket())
	s.cmd = exec.Command("pgbouncer", "--quiet", filepath.Join(s.Dir, "pgbouncer.ini"))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("pgbouncer: %w", err)
	}
	return s.awaitSocket(ctx)
}

// Kill ends PgBouncer at once.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // reports the signal
}

// useServiceAccount has PgBouncer run as an account without rights, which owns its directory.
func (s *Server) useServiceAccount() error {
	uid, gid, err := serviceAccount()
	if err != nil {
		return err
	}
	s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.Dir, uid, gid)
}

// socket returns the path of the socket.
func (s *Server) socket() string { return filepath.Join(s.Dir, fmt.Sprintf(".s.PGSQL.%d", port)) }

// serviceAccount returns the account of PgBouncer's package, or one without rights.
func serviceAccount() (uid, gid int, err error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return 0, 0, err
	}
	uid, uidErr := strconv.Atoi(account.Uid)
	gid, gidErr := strconv.Atoi(account.Gid)
	return uid, gid, errors.Join(uidErr, gidErr)
}

// awaitSocket waits until PgBouncer accepts connections.
func (s *Server) awaitSocket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		if _, err := os.Stat(s.socket()); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
			return fmt.Errorf("pgbouncer: no socket: %w: %s", ctx.Err(), log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// PID returns PgBouncer's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Through returns the DSN of a database through the PgBouncer.
func (s *Server) Through(dsn string) (string, error) {
	target, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("postgres://%s@/%s?host=%s&port=%d", target.User, target.Database, s.Dir, port), nil
}

// Stop stops PgBouncer, which closes all connections, and removes its directory.
func (s *Server) Stop() error {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait() // reports the signal
	}
	return os.RemoveAll(s.Dir)
}
