//go:build linux || darwin

// Command cluster runs a command with a PostgreSQL cluster that lives as long as the command does, so that
// all test packages share one cluster and its templates:
//
//	go run ./internal/testdb/cluster -- go test ./...
//
// The command finds the cluster in TEST_DATABASE_URL. With -pgbouncer, a PgBouncer in transaction mode is before
// it, and TEST_PGBOUNCER_DIR is the directory of its socket. Signals are forwarded to it, and its exit code
// becomes this program's. `go run` forwards no SIGTERM and turns every failure into exit code 1; scripts
// that need either must build this program first.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
)

func main() {
	args := os.Args[1:]
	pooled := len(args) > 0 && args[0] == "-pgbouncer"
	if pooled {
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: cluster [-pgbouncer] -- COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := runCommand(args, pooled)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
	}
	os.Exit(code)
}

// runCommand returns the command's exit code, or 128 plus the signal's number if a signal ended it. It
// returns 1 and an error if the command did not run or the cluster failed.
func runCommand(args []string, pooled bool) (code int, err error) {
	// Signals are caught from here on: one that arrives during the start reaches the command, and the
	// cluster is stopped in any case.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)

	s, err := embedpg.Start(context.Background(), embedpg.Options{Ephemeral: true, Database: "postgres"})
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := s.Stop(context.Background()); stopErr != nil {
			code, err = max(code, 1), errors.Join(err, stopErr)
		}
	}()

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+s.DSN())
	if pooled {
		// Each test has a database of its own, whose connections end with it.
		pooler, err := pgbouncer.Start(context.Background(), s.DSN(), "default_pool_size = 8", "max_client_conn = 2000", "server_idle_timeout = 5")
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, pooler.Stop()) }()
		cmd.Env = append(cmd.Env, "TEST_PGBOUNCER_DIR="+pooler.Dir)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// In a process group of its own, the command and all its children get each signal once, from here.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			// The only possible failure is that the group has just ended, which the other case handles.
			_ = syscall.Kill(-cmd.Process.Pid, sig.(syscall.Signal))
		case err := <-ended:
			return exitCode(cmd.ProcessState, err)
		}
	}
}

func exitCode(state *os.ProcessState, err error) (int, error) {
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return 1, err
	}
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}
