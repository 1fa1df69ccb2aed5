package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// clientProcessors returns the processors of the clients, half of all, and those of the server and PostgreSQL. Where
// there is only one, both have it.
func clientProcessors() (clients, servers unix.CPUSet) {
	n := runtime.NumCPU()
	for i := range n {
		if i < n/2 || n == 1 {
			clients.Set(i)
		}
		if i >= n/2 {
			servers.Set(i)
		}
	}
	return clients, servers
}

// bindThreads has all threads of a process and of its children run on some processors. Later threads and children do too.
func bindThreads(pid int, set unix.CPUSet) error {
	processes, err := procfs.AllProcs()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range processes {
		stat, err := p.Stat()
		if err != nil || p.PID != pid && stat.PPID != pid { // an error means that the process has ended
			continue
		}
		threads, err := procfs.AllThreads(p.PID)
		errs = append(errs, err)
		for _, t := range threads {
			if err := unix.SchedSetaffinity(t.PID, &set); err != nil && !errors.Is(err, unix.ESRCH) {
				errs = append(errs, fmt.Errorf("processors of %d: %w", pid, err))
			}
		}
	}
	return errors.Join(errs...)
}
