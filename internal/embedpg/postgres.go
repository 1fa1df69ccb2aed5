//go:build linux || darwin

package embedpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopTimeout is the time limit of a fast shutdown, whose checkpoint writes all dirty buffers.
const stopTimeout = 20 * time.Second

// serverSettings returns the PostgreSQL settings, which are the same on every machine: time zone, no
// TCP, and short queries.
func serverSettings(o Options, s *Server) []string {
	all := []string{
		"listen_addresses=", "port=" + port, "unix_socket_directories=" + s.sockets, "unix_socket_permissions=0700",
		"shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC",
		"jit=off", // compilation costs more than short queries
		// A container's /dev/shm has 64 MB: parallel queries would run out of shared memory.
		"dynamic_shared_memory_type=mmap", "max_parallel_workers_per_gather=0",
		"synchronous_commit=off", // a crash may lose the last moment's commits, never consistency
	}
	if o.Ephemeral {
		return append(all, "max_connections=400", "fsync=off", "full_page_writes=off")
	}
	return append(all, "max_connections=100")
}

// runPostgres starts the server as a child of this process, not through pg_ctl, with which it would
// outlive this process.
func runPostgres(ctx context.Context, o Options, s *Server, bin binaries, account identity) error {
	log, err := os.OpenFile(s.LogFile(), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening PostgreSQL's log: %w", err)
	}
	defer log.Close()
	logged, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("reading PostgreSQL's log: %w", err)
	}
	args := []string{"-D", "data"}
	for _, setting := range serverSettings(o, s) {
		args = append(args, "-c", setting)
	}
	// PostgreSQL outlives ctx, which bounds only the start.
	cmd := newCommand(context.WithoutCancel(ctx), account, s.dir, bin.postgresPath(), args...)
	cmd.Stdout, cmd.Stderr = log, log
	exited, err := launchCommand(cmd)
	if err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	s.done = make(chan struct{})
	go func() { // also retains s: a collected watchdog pipe would stop PostgreSQL
		s.exit = <-exited
		close(s.done)
	}()
	release, err := startWatchdog(o, s, cmd.Process)
	s.stop = func(ctx context.Context) error { return errors.Join(stopPostgres(ctx, cmd.Process, s.done), release()) }
	if err == nil {
		err = awaitReady(ctx, s)
	}
	if err != nil {
		tail := readLogTail(log, logged) // before the log has the shutdown
		return errors.Join(fmt.Errorf("%w (%s)\n%s", err, s.LogFile(), tail), s.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

// launchCommand starts cmd on a goroutine that holds its thread until cmd has ended. Linux sends the
// parent-death signal when the forking thread ends, and the Go runtime may end a thread at any time.
func launchCommand(cmd *exec.Cmd) (exited <-chan error, err error) {
	started, done := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			done <- cmd.Wait()
		}
	}()
	return done, <-started
}

func awaitReady(ctx context.Context, s *Server) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if pingServer(ctx, s) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.done:
			return errors.New("PostgreSQL ended while it started")
		case <-ctx.Done():
			return fmt.Errorf("waiting for PostgreSQL to start: %w", context.Cause(ctx))
		}
	}
}

// stopPostgres requests a fast shutdown, and an immediate one if that takes too long.
func stopPostgres(ctx context.Context, postgres *os.Process, done <-chan struct{}) error {
	if err := postgres.Signal(syscall.SIGINT); errors.Is(err, os.ErrProcessDone) {
		return nil
	} else if err != nil {
		return fmt.Errorf("stopping PostgreSQL: %w", err)
	}
	began := time.Now()
	select {
	case <-done:
		return nil
	case <-time.After(stopTimeout):
	case <-ctx.Done():
	}
	err := postgres.Signal(syscall.SIGQUIT)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("forcing PostgreSQL to quit: %w", err)
	}
	<-done // PostgreSQL kills its remaining processes after 5 s
	return fmt.Errorf("PostgreSQL didn't stop within %s and was forced to quit; the next start recovers",
		time.Since(began).Round(time.Millisecond))
}

// readLogTail returns the end of the log since this start, which has the reason of a failure.
func readLogTail(log *os.File, from int64) string {
	text, err := io.ReadAll(io.NewSectionReader(log, from, 1<<20))
	if err != nil {
		return ""
	}
	const maxTail = 2000
	if len(text) > maxTail {
		text = text[len(text)-maxTail:]
	}
	return strings.TrimSpace(string(text))
}
