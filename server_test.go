package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/internal/testdb"
)

// asProgram in the environment makes this test binary run as the program.
const asProgram = "RUN_AS_7P"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// The program starts, answers and drains. Package e2e tests the details.
func TestServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=1", "ADDR=127.0.0.1:0", "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+strings.Repeat("x", 32))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(stdout)
	base := "http://" + awaitListening(t, log)
	for ready := false; !ready; { // a check may time out on a busy machine
		status, body := fetch(t, http.MethodGet, base+"/readyz", "")
		if ready = status == http.StatusOK; !ready && ctx.Err() != nil {
			t.Fatalf("/readyz: %d %s", status, body)
		}
	}
	status, body := fetch(t, http.MethodPost, base+"/graphql", `{"query":"{ courses(first: 1) { nodes { title } } }"}`)
	if status != http.StatusOK || !strings.HasPrefix(body, `{"data":{"courses":{"nodes":[{"title":`) {
		t.Errorf("a query: %d %s", status, body)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(log)
	if err != nil || !strings.Contains(string(rest), `"msg":"stopped"`) {
		t.Errorf("not drained: %v\n%s", err, rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// maxBytesBeforeMain limits what packages allocate before main, on each start and for each command: half of it is the
// parsed schema and AWS's rules for endpoints. Regular expressions and tables belong in sync.OnceValue.
const maxBytesBeforeMain = 2_200_000

// pooledBytes is a package whose bytes vary: with the race detector, a sync.Pool drops what it has by chance.
const pooledBytes = "github.com/prometheus/client_golang/prometheus"

// Packages allocate little before main.
func TestBytesBeforeMain(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "version")
	cmd.Env = append(os.Environ(), asProgram+"=1", "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes, \d+ allocs$`).FindAllStringSubmatch(trace.String(), -1) {
		bytes, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if m[1] != pooledBytes {
			sum += bytes
		}
	}
	if sum == 0 || sum > maxBytesBeforeMain {
		t.Errorf("packages allocate %d bytes before main, want at most %d:\n%s", sum, maxBytesBeforeMain, trace.String())
	}
}

// awaitListening returns the address in the line of the log that reports it.
func awaitListening(t *testing.T, log *bufio.Reader) (addr string) {
	t.Helper()
	for {
		line, err := log.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the program does not listen: %v", err)
		}
		var entry struct{ Msg, Addr string }
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "listening" {
			return entry.Addr
		}
	}
}

func fetch(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
