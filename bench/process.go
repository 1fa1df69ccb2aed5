package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// contender is a process that answers the operations.
type contender struct {
	name string
	addr string
	cmd  *exec.Cmd
}

// buildBinary compiles a package of the module into a directory.
func buildBinary(ctx context.Context, pkg, binary string) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// launchContender starts a contender on a free port and returns when it is ready. Its log
// goes to a file; os.DevNull is one.
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
	c.cmd.Env = append(os.Environ(), append(environment, "ADDR="+addr)...)
	c.cmd.Stdout = log
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	if err := c.awaitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the %s does not get ready: %w", name, err), c.stopProcess())
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

// stopProcess lets the contender end of itself.
func (c *contender) stopProcess() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the %s: %w", c.name, err)
	}
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("the %s ended badly: %w", c.name, err)
	}
	return nil
}

// readCPUTime returns the CPU time that the contender has used.
func (c *contender) readCPUTime() (time.Duration, error) {
	s, err := readProcessStat(strconv.Itoa(c.cmd.Process.Pid))
	return s.ownCPU, err
}

// readPeakMemory returns the most bytes of memory that the contender ever had.
func (c *contender) readPeakMemory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	for line := range strings.Lines(string(text)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell the peak memory of the %s (VmHWM)", c.name)
}

// readTreeCPUTime returns the CPU time that a process and all its children have used,
// those that have ended included: of PostgreSQL's first process, that of all
// sessions.
func readTreeCPUTime(pid string) (time.Duration, error) {
	first, err := readProcessStat(pid)
	if err != nil {
		return 0, err
	}
	total := first.ownCPU + first.childrenCPU
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("list the processes: %w", err)
	}
	for _, p := range processes {
		if name := p.Name(); name[0] >= '0' && name[0] <= '9' {
			if s, err := readProcessStat(name); err == nil && s.parent == pid { // one may end meanwhile
				total += s.ownCPU
			}
		}
	}
	return total, nil
}

// clockTick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux.
const clockTick = time.Second / 100

// processStat is what /proc tells of a process.
type processStat struct {
	parent      string
	ownCPU      time.Duration // CPU time, of the system included
	childrenCPU time.Duration // that of children that have ended
}

// readProcessStat reads /proc/<pid>/stat; proc_pid_stat(5) numbers its fields.
func readProcessStat(pid string) (processStat, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return processStat{}, fmt.Errorf("read the CPU time of process %s: %w", pid, err)
	}
	// Field 2, the name, may hold blanks and parentheses.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := func(field int) time.Duration {
		n, _ := strconv.ParseInt(fields[field-3], 10, 64)
		return time.Duration(n) * clockTick
	}
	return processStat{parent: fields[4-3], ownCPU: ticks(14) + ticks(15), childrenCPU: ticks(16) + ticks(17)}, nil
}
