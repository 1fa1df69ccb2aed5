package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cli"
	"github.com/7p-education/api/internal/gqltest"
)

// patience is how long a step of a test may take before the test fails. A first start, with demo
// data, takes 5 s under the race detector on an idle machine.
const patience = time.Minute

// asProgram in the environment makes this test binary run as the program, which is built with the
// same options as the tests.
const asProgram = "RUN_AS_7P"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// command returns the program with a command line, and an environment of nothing else.
func command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "GORACE=" + os.Getenv("GORACE")}, env...)
	cmd.WaitDelay = patience
	return cmd
}

// run7p runs a command until it exits.
func run7p(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return runUntilExit(t, command(ctx, env, args...))
}

// plainProgram in the environment is the path of the program built without the race detector, under which a start takes
// four times the processor time.
const plainProgram = "TEST_PROGRAM"

// runPlain7p is run7p with the plain program, if there is one: for tests that run dozens of commands.
func runPlain7p(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(ctx, env, args...)
	if path := os.Getenv(plainProgram); path != "" {
		cmd.Path, cmd.Args[0] = path, path
	}
	return runUntilExit(t, cmd)
}

func runUntilExit(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mustRun7p runs a command that must succeed, and returns its output.
func mustRun7p(t *testing.T, env []string, args ...string) string {
	t.Helper()
	stdout, stderr, code := run7p(t, env, args...)
	if code != 0 {
		t.Fatalf("7p %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// program is a running server.
type program struct {
	cmd            *exec.Cmd
	base           string // http://127.0.0.1:port
	stdout, stderr *output
	exited         chan struct{}
}

// serve7p starts the server on a free port and waits for its banner.
func serve7p(t *testing.T, env ...string) *program {
	t.Helper()
	p := start7p(t, env...)
	p.awaitStarted(t)
	return p
}

// start7p is serve7p without waiting until the program serves requests.
func start7p(t *testing.T, env ...string) *program {
	t.Helper()
	p := &program{stdout: newOutput(), stderr: newOutput(), exited: make(chan struct{})}
	p.cmd = command(context.Background(), append([]string{"ADDR=127.0.0.1:0", "RATE_LIMIT=off"}, env...)) // t.Context would end before the cleanup
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // tests check the exit code
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	p.base = "http://" + p.await(t, "msg", "starting")["addr"].(string)
	return p
}

// awaitStarted waits until the parts of the program are open.
func (p *program) awaitStarted(t *testing.T) {
	t.Helper()
	p.await(t, "msg", "listening")
	p.awaitText(t, p.stderr, "the banner", func(text string) bool { // it ends with an empty line
		return strings.Contains(text, "  Health ") && strings.HasSuffix(text, "\n\n")
	})
}

// awaitReady waits until /readyz reports that the program is ready: on a busy machine a check may time out first.
func (p *program) awaitReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		resp := p.send(t, http.MethodGet, "/readyz", "")
		if resp.Status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("/readyz: %s", resp)
		}
	}
}

// await waits for the first line of the log that has a value under a key, and returns it.
func (p *program) await(t *testing.T, key, value string) map[string]any {
	t.Helper()
	var entry map[string]any
	p.awaitText(t, p.stdout, key+" "+value, func(text string) bool {
		for line := range strings.Lines(text) {
			entry = nil
			if json.Unmarshal([]byte(line), &entry) == nil && entry[key] == value {
				return true
			}
		}
		return false
	})
	return entry
}

// awaitText waits until the text that the program wrote meets a condition.
func (p *program) awaitText(t *testing.T, out *output, description string, isComplete func(string) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		text, more := out.readText()
		if isComplete(text) {
			return
		}
		select {
		case <-more:
		case <-p.exited: // after all of its output was read
			if text, _ := out.readText(); isComplete(text) {
				return
			}
			t.Fatalf("the program exited without %s:\n%s%s", description, p.stdout, p.stderr)
		case <-deadline:
			t.Fatalf("the program has not written %s:\n%s%s", description, p.stdout, p.stderr)
		}
	}
}

// signal sends a signal that ends the program and returns the exit code, which is -1 if the signal
// killed it.
func (p *program) signal(t *testing.T, sig os.Signal) int {
	t.Helper()
	p.sendSignal(t, sig)
	return p.wait(t)
}

func (p *program) sendSignal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("the program did not exit:\n%s%s", p.stdout, p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// send sends a request. Only the given headers, as "Name: value", are sent: there is no default Content-Type.
func (p *program) send(t *testing.T, method, path, body string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewHTTPClient(p.base).Do(t, gqltest.Request{
		Method: method, Path: path, Body: body, Headers: append([]string{"Content-Type"}, headers...),
	})
}

// query sends an operation.
func (p *program) query(t *testing.T, query string, variables any, headers ...string) gqltest.Result {
	t.Helper()
	return p.post(t, gqltest.QueryBody(query, variables), headers...)
}

func (p *program) post(t *testing.T, body string, headers ...string) gqltest.Result {
	t.Helper()
	return gqltest.NewHTTPClient(p.base).Post(t, edu.Viewer{}, body, headers...).Result(t)
}

// newDataDir creates a directory that the account of PostgreSQL can enter, unlike t.TempDir.
func newDataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// postgresPID returns the process ID of the private PostgreSQL in a directory.
func postgresPID(t *testing.T, dir string) int {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(file), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if !isAlive(pid) {
		t.Fatalf("PostgreSQL, process %d, is not running", pid)
	}
	return pid
}

// isAlive reports whether a process runs. A zombie does not: a container may have no process that
// reaps orphans.
func isAlive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(string(stat), "Z")
}

// awaitExit polls until a process has exited, because only its parent can wait for it.
func awaitExit(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); isAlive(pid); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("PostgreSQL, process %d, outlived the program", pid)
		}
	}
}

// output collects the output of a program and notifies readers of more.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(b)
}

// readText returns the output up to now, and a channel that is closed at the next write.
func (o *output) readText() (text string, more <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.more
}

func (o *output) String() string {
	text, _ := o.readText()
	return text
}
