package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// contender is a process under test that listens on addr.
type contender struct {
	name string
	addr string
	cmd  *exec.Cmd
}

// buildBinary compiles a package of the module in a directory.
func buildBinary(ctx context.Context, dir, pkg, binary string) error {
	return runProgram(ctx, "go", "build", "-C", dir, "-o", binary, pkg)
}

// runProgram runs a program, whose output is part of the error if it fails.
func runProgram(ctx context.Context, command ...string) error {
	if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
	}
	return nil
}

// launchContender starts a contender on a free port and waits until it is ready. The contender writes
// its log to logFile, which may be os.DevNull.
func launchContender(ctx context.Context, name, binary, logFile string, environment []string) (*contender, error) {
	addr, err := findFreeAddress()
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the %s: %w", name, err)
	}
	defer log.Close()
	c := &contender{name: name, addr: addr, cmd: exec.Command(binary)}
	c.cmd.Env = slices.Concat(os.Environ(), environment, []string{"ADDR=" + addr})
	c.cmd.Stdout = log
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	if err := c.awaitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the %s: %w", name, err), c.stopProcess())
	}
	return c, nil
}

func findFreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (c *contender) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.addr+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// stopProcess stops the contender with SIGTERM and waits for its end.
func (c *contender) stopProcess() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the %s: %w", c.name, err)
	}
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("the %s failed: %w", c.name, err)
	}
	return nil
}

// readPeakMemory returns the peak resident memory of the contender (VmHWM) in bytes.
func (c *contender) readPeakMemory() (int64, error) {
	p, err := procfs.NewProc(c.cmd.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	s, err := p.NewStatus()
	if err == nil && s.VmHWM == 0 {
		err = errors.New("the kernel does not report VmHWM")
	}
	if err != nil {
		return 0, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	return int64(s.VmHWM), nil
}

// cpuTimes are the CPU times that a contender, PostgreSQL and Redis have used.
type cpuTimes struct{ server, database, redis time.Duration }

// cpuMeter reads CPU times.
type cpuMeter func() (cpuTimes, error)

// newCPUMeter returns a meter of a server, PostgreSQL and Redis. The server and Redis may be nil.
func newCPUMeter(server *contender, postmaster int, redis *redisServer) cpuMeter {
	return func() (t cpuTimes, err error) {
		var errs [3]error
		if server != nil {
			t.server, errs[0] = readCPUTime(server.cmd.Process.Pid)
		}
		t.database, errs[1] = readTreeCPUTime(postmaster)
		if redis != nil {
			t.redis, errs[2] = readCPUTime(redis.cmd.Process.Pid)
		}
		return t, errors.Join(errs[:]...)
	}
}

// readCPUTime returns the CPU time that a process has used in user and kernel mode.
func readCPUTime(pid int) (time.Duration, error) {
	s, err := readProcessStat(pid)
	return time.Duration(s.UTime+s.STime) * clockTick, err
}

// readTreeCPUTime returns the CPU time of a process and of all its children, including children
// that have ended. For PostgreSQL's postmaster, this is the CPU time of all sessions.
func readTreeCPUTime(pid int) (time.Duration, error) {
	root, err := readProcessStat(pid)
	if err != nil {
		return 0, err
	}
	ticks := root.UTime + root.STime + uint(root.CUTime+root.CSTime)
	processes, err := procfs.AllProcs()
	if err != nil {
		return 0, fmt.Errorf("list the processes: %w", err)
	}
	for _, p := range processes {
		if s, err := p.Stat(); err == nil && s.PPID == pid { // an error means that the process has ended
			ticks += s.UTime + s.STime
		}
	}
	return time.Duration(ticks) * clockTick, nil
}

// clockTick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux.
const clockTick = time.Second / 100

func readProcessStat(pid int) (procfs.ProcStat, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return procfs.ProcStat{}, fmt.Errorf("find process %d: %w", pid, err)
	}
	s, err := p.Stat()
	if err != nil {
		return s, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	return s, nil
}
