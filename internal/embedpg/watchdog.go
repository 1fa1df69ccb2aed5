//go:build linux || darwin

package embedpg

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watchdog waits for the end of its standard input, which comes when this process closes it or dies in
// any way. It then stops PostgreSQL and removes the Ephemeral directory once PostgreSQL has left it, or
// after 10 s if PostgreSQL was killed and left its pid file. It checks the file and not the process: an
// orphaned PostgreSQL may remain a zombie forever in a container whose first process reaps no children.
const watchdog = `read -r _; kill -INT "$1" 2>/dev/null
[ -n "$2" ] || exit 0
n=0; while [ -e "$2/data/postmaster.pid" ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done
rm -rf -- "$2" "$3"`

// startWatchdog starts the watchdog if it is needed: for an Ephemeral directory, and for PostgreSQL itself
// if the kernel does not stop it with this process. The returned function makes the watchdog do its work
// now and waits for it; call it when PostgreSQL has ended.
func startWatchdog(o Options, s *Server, postgres *os.Process) (release func() error, err error) {
	if !o.Ephemeral && killedWithParent {
		return func() error { return nil }, nil
	}
	args := []string{"-c", watchdog, "7p-watchdog", strconv.Itoa(postgres.Pid)}
	if o.Ephemeral {
		args = append(args, s.dir, s.sockets)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches only this process
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return func() error { return nil }, fmt.Errorf("starting PostgreSQL's watchdog: %w", err)
	}
	return func() error {
		pipe.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("cleaning up after PostgreSQL: %w", err)
		}
		return nil
	}, nil
}
