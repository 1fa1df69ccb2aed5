//go:build linux || darwin

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestMain makes this test binary the cluster command if its first argument is "--".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "--" {
		main()
	}
	os.Exit(m.Run())
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		signal syscall.Signal // sent after the first line of output
		want   int
	}{
		"success":       {script: `echo $TEST_DATABASE_URL`, want: 0},
		"its exit code": {script: `echo $TEST_DATABASE_URL; exit 7`, want: 7},
		"handles TERM":  {script: `trap 'exit 9' TERM; echo $TEST_DATABASE_URL; sleep 60 & wait`, signal: syscall.SIGTERM, want: 9},
		"killed by INT": {script: `echo $TEST_DATABASE_URL; sleep 60`, signal: syscall.SIGINT, want: 130},
		"kills itself":  {script: `echo $TEST_DATABASE_URL; kill -KILL $$`, want: 137},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "--", "sh", "-c", c.script)
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			dsn, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			_, dir, _ := strings.Cut(dsn, "host=")
			dir, _, ok := strings.Cut(dir, "/sock&")
			if !ok || (c.signal != 0 && !exists(dir)) {
				t.Errorf("no cluster at the address of the command, %q", dsn)
			}
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := io.Copy(io.Discard, stdout); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the exit code has the result
			if got := cmd.ProcessState.ExitCode(); got != c.want {
				t.Errorf("exit code %d, want %d", got, c.want)
			}
			if exists(dir) {
				t.Errorf("the cluster in %s still exists", dir)
			}
		})
	}
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	code, err := runCommand([]string{"/nonexistent"}, false)
	if code != 1 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %d, %v; want 1 and os.ErrNotExist", code, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
