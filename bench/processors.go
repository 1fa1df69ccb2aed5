package main

import (
	"errors"
	"fmt"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// clientProcessors returns the processors of the clients, half of those of this process, and those of the server and
// PostgreSQL. Where there is only one, both have it.
func clientProcessors() (clients, servers unix.CPUSet, err error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return clients, servers, fmt.Errorf("processors: %w", err)
	}
	seen, n := 0, all.Count()
	for i := 0; seen < n; i++ {
		if !all.IsSet(i) {
			continue
		}
		if seen < n/2 || n == 1 {
			clients.Set(i)
		}
		if seen >= n/2 {
			servers.Set(i)
		}
		seen++
	}
	return clients, servers, nil
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
