package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/scripts/mutants/mutation"
)

// test is one test of a program, with the mutants that it reaches.
type test struct {
	Name     string
	Duration time.Duration
	Reached  []mutation.Reached

	program program
	keys    map[string]bool
}

// recordTests runs each test without a mutant and returns it with the mutants that it reaches, and those of all
// tests by their key. A record is stored under the hash of its program, because most programs stay the same
// between two calls.
func recordTests(ctx context.Context, programs []program, jobs int) (all []*test, reached map[string]mutation.Reached, err error) {
	reached = map[string]mutation.Reached{}
	for _, p := range programs {
		tests, err := p.loadRecord(ctx, jobs)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range tests {
			t.program, t.keys = p, map[string]bool{}
			for _, r := range t.Reached {
				t.keys[r.Key], reached[r.Key] = true, r
			}
		}
		all = append(all, tests...)
	}
	return all, reached, nil
}

// loadRecord returns the stored record of a program, or runs its tests and stores it.
func (p program) loadRecord(ctx context.Context, jobs int) (tests []*test, err error) {
	binary, err := os.ReadFile(p.path)
	if err != nil {
		return nil, err
	}
	stored := filepath.Join(".cache", "mutants", fmt.Sprintf("%x.json", sha256.Sum256(binary)))
	if content, err := os.ReadFile(stored); err == nil {
		return tests, json.Unmarshal(content, &tests)
	}
	names, err := p.listTests(ctx)
	if err != nil {
		return nil, err
	}
	tests = make([]*test, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, name := range names {
		group.Go(func() (err error) {
			tests[i], err = p.recordTest(ctx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	content, err := json.Marshal(tests)
	if err != nil {
		return nil, err
	}
	return tests, errors.Join(os.MkdirAll(filepath.Dir(stored), 0o755), os.WriteFile(stored, content, 0o644))
}

func (p program) recordTest(ctx context.Context, name string) (*test, error) {
	file := filepath.Join(filepath.Dir(p.path), filepath.Base(p.folder)+"."+name+".reached")
	defer func() { _ = os.Remove(file) }()
	start := time.Now()
	outcome, output, err := p.runTests(ctx, []string{name}, 5*time.Minute, mutation.RecordEnv+"="+file)
	if err != nil || outcome != passed {
		return nil, errors.Join(err, fmt.Errorf("the test %s of %s fails without a mutant:\n%s", name, p.folder, output))
	}
	t := &test{Name: name, Duration: time.Since(start)}
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r mutation.Reached
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, err
		}
		t.Reached = append(t.Reached, r)
	}
	return t, lines.Err()
}

// outcome is the outcome of a run of tests.
type outcome string

const (
	passed   outcome = "passed"
	failed   outcome = "failed"
	timedOut outcome = "timed out"
)

// maxMemory limits a test program, in kB: a mutated loop may fill a slice without end.
const maxMemory = 8 << 20

// runTests runs tests of a program in one process with a variable of the environment.
func (p program) runTests(ctx context.Context, names []string, timeout time.Duration, variable string) (outcome, string, error) {
	pattern := "^(" + strings.Join(names, "|") + ")$"
	limited, cancel := context.WithTimeout(ctx, timeout+10*time.Second) // the program reports its own timeout
	defer cancel()
	cmd := exec.CommandContext(limited, "sh", "-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, maxMemory), "sh", p.path,
		"-test.run", pattern, "-test.failfast", "-test.timeout", timeout.String())
	cmd.Dir, cmd.Env = p.folder, append(os.Environ(), variable)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return passed, "", nil
	}
	output := string(out)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case limited.Err() != nil || strings.Contains(output, "panic: test timed out"):
		return timedOut, output, nil
	case errors.As(err, &exit) && (strings.Contains(output, "--- FAIL") || strings.Contains(output, "panic: ") || strings.Contains(output, "fatal error: ")):
		return failed, output, nil
	}
	return "", "", fmt.Errorf("%s %s: %w\n%s", p.path, pattern, err, output)
}

// result is what became of a mutant.
type result struct {
	mutant mutant
	fate   fate
	by     string // the test that noticed the mutant
	tests  int    // that reach the mutant
}

type fate string

const (
	killed  fate = "killed"
	lived   fate = "lived"
	invalid fate = "invalid"
)

// runMutants returns the fates of mutants. Parts of statements that tests reach are none: their conditions are
// mutants of their own.
func runMutants(ctx context.Context, all []mutant, tests []*test, valid *validator, jobs int) ([]result, error) {
	var results []result
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for _, m := range all {
		reaching := slices.DeleteFunc(slices.Clone(tests), func(t *test) bool { return !t.keys[m.key] })
		switch {
		case strings.Contains(m.name, ":text:") && len(reaching) > 0:
			continue
		case !valid.accepts(ctx, m):
			mu.Lock()
			results = append(results, result{mutant: m, fate: invalid})
			mu.Unlock()
			continue
		}
		group.Go(func() error {
			r, err := m.run(ctx, reaching)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			results = append(results, r)
			fmt.Fprintf(os.Stderr, "%d of %d: %s: %s %s\n", len(results), len(all), m.name, r.fate, r.by)
			return nil
		})
	}
	return results, group.Wait()
}

// run runs the tests that reach the mutant until one fails twice, the shortest first. The first ones run alone, the
// others in groups.
func (m mutant) run(ctx context.Context, tests []*test) (result, error) {
	r := result{mutant: m, fate: lived, tests: len(tests)}
	effort := func(t *test) time.Duration {
		if t.program.folder == filepath.Dir(m.file) { // its tests are about this code
			return t.Duration
		}
		return 3 * t.Duration
	}
	slices.SortStableFunc(tests, func(a, b *test) int { return cmp.Compare(effort(a), effort(b)) })
	const alone, together = 6, 15
	for start := 0; start < len(tests); {
		end := start + 1
		for start >= alone && end < len(tests) && end-start < together && tests[end].program == tests[start].program {
			end++
		}
		outcome, err := runTwice(ctx, tests[start:end], mutation.ActiveEnv+"="+m.key)
		if err != nil {
			return r, err
		}
		if outcome != passed {
			r.fate, r.by = killed, tests[start].Name
			if end-start > 1 {
				r.by += " or one of its group"
			}
			if outcome == timedOut {
				r.by += ", which timed out"
			}
			return r, nil
		}
		start = end
	}
	return r, nil
}

// runTwice runs tests of one program, and again if one fails, because a failure may have another reason.
func runTwice(ctx context.Context, tests []*test, variable string) (outcome, error) {
	var names []string
	timeout := 20 * time.Second
	for _, t := range tests {
		names, timeout = append(names, t.Name), timeout+10*t.Duration
	}
	first, _, err := tests[0].program.runTests(ctx, names, timeout, variable)
	if err != nil || first != failed {
		return first, err
	}
	second, _, err := tests[0].program.runTests(ctx, names, timeout, variable)
	return second, err
}
