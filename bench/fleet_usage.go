package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// fleetProcess is a kind of process, with the ids of the parents.
type fleetProcess struct {
	name string
	pids []int
}

// listProcesses returns the kinds of processes of the fleet, and this one.
func (f *fleet) listProcesses() ([]fleetProcess, error) {
	postmaster, err := postmasterPID(f.database)
	if err != nil {
		return nil, err
	}
	servers := fleetProcess{name: "7p"}
	for _, s := range f.servers {
		servers.pids = append(servers.pids, s.cmd.Process.Pid)
	}
	all := []fleetProcess{servers, {"postgres, primary", []int{postmaster}}}
	if f.replica != nil {
		all = append(all, fleetProcess{"postgres, replica", []int{f.replica.PID()}})
	}
	if f.pooler != nil {
		all = append(all, fleetProcess{"pgbouncer", []int{f.pooler.PID()}})
	}
	all = append(all, fleetProcess{"redis", []int{f.redis.cmd.Process.Pid}})
	if f.proxy != nil {
		all = append(all, fleetProcess{"nginx", []int{f.proxy.cmd.Process.Pid}})
	}
	return append(all, fleetProcess{"generator", []int{os.Getpid()}}), nil
}

// readCPU returns the CPU time of a kind with its children. The generator is the parent of most kinds, and
// counts without children.
func (p fleetProcess) readCPU() (total time.Duration, err error) {
	for _, pid := range p.pids {
		read := readTreeCPUTime
		if pid == os.Getpid() {
			read = readCPUTime
		}
		used, err := read(pid)
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// readResident returns the resident memory of a kind in bytes. Processes of one tree share files and
// shared memory, which count once.
func (p fleetProcess) readResident() (total int64, err error) {
	processes, err := procfs.AllProcs()
	if err != nil {
		return 0, err
	}
	for _, root := range p.pids {
		var private, shared, files uint64
		for _, process := range processes {
			stat, err := process.Stat()
			if err != nil || process.PID != root && (stat.PPID != root || root == os.Getpid()) {
				continue
			}
			if s, err := process.NewStatus(); err == nil { // an error means that the process has ended
				private, shared, files = private+s.RssAnon, max(shared, s.RssShmem), max(files, s.RssFile)
			}
		}
		total += int64(private + shared + files)
	}
	return total, nil
}

// readMachineCPU returns the CPU time of all processes of the machine, of the kernel, and of the
// hypervisor at the expense of this machine.
func readMachineCPU() (time.Duration, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	s, err := fs.Stat()
	c := s.CPUTotal
	return time.Duration((c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal) * float64(time.Second)), err
}

// fleetUsage is what a load used.
type fleetUsage struct {
	processes []fleetProcess
	cpu       []time.Duration // by kind
	resident  []int64         // by kind, in bytes
	machine   time.Duration   // CPU of the whole machine
	counters  map[string]float64
}

// readUsage reads the CPU times and the metrics.
func (f *fleet) readUsage(ctx context.Context) (u fleetUsage, err error) {
	if u.processes, err = f.listProcesses(); err != nil {
		return u, err
	}
	for _, p := range u.processes {
		cpu, err := p.readCPU()
		if err != nil {
			return u, err
		}
		u.cpu = append(u.cpu, cpu)
	}
	u.counters = map[string]float64{}
	for _, s := range f.servers {
		if err := addMetrics(ctx, s.addr, u.counters); err != nil {
			return u, err
		}
	}
	u.machine, err = readMachineCPU()
	return u, err
}

// readResident reads the resident memory of all kinds.
func (u *fleetUsage) readResident() error {
	for _, p := range u.processes {
		resident, err := p.readResident()
		if err != nil {
			return err
		}
		u.resident = append(u.resident, resident)
	}
	return nil
}

// subtractUsage returns what was used since an earlier reading.
func (u fleetUsage) subtractUsage(before fleetUsage) fleetUsage {
	since := fleetUsage{processes: u.processes, machine: u.machine - before.machine, resident: before.resident, counters: map[string]float64{}}
	for i := range u.cpu {
		since.cpu = append(since.cpu, u.cpu[i]-before.cpu[i])
	}
	for name, value := range u.counters {
		since.counters[name] = value - before.counters[name]
	}
	return since
}

// sumCPU returns the CPU time of all kinds.
func (u fleetUsage) sumCPU() (total time.Duration) {
	for _, cpu := range u.cpu {
		total += cpu
	}
	return total
}

// sumCounters returns the sum of the counters whose name with labels begins with a prefix.
func (u fleetUsage) sumCounters(prefix string) (total float64) {
	for name, value := range u.counters {
		if strings.HasPrefix(name, prefix) {
			total += value
		}
	}
	return total
}

// addMetrics adds the metrics of a server, by name and labels.
func addMetrics(ctx context.Context, addr string, all map[string]float64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("metrics: status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if strings.HasPrefix(lines.Text(), "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(lines.Text()[at+1:], 64)
		if err != nil {
			return errors.Join(errors.New("metrics"), err)
		}
		all[lines.Text()[:at]] += value
	}
	return lines.Err()
}
