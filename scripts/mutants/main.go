// Command mutants measures whether the tests notice small changes of the code. It drops in turn each condition,
// lock, order and DISTINCT of the store's statements, flips each branch of the policies, cursors, authentication,
// rate limits and client addresses, and runs the tests that reach the change until one fails:
//
//	go run ./internal/testdb/cluster -- go run ./scripts/mutants
//	go run ./internal/testdb/cluster -- go run ./scripts/mutants -only store/search.go,edu/cursor.go:ParseCursor
//
// All mutants are in the same test programs, each behind a switch, and so is the record of the tests that reach
// it. Mutants that change nothing are in equivalent.txt with the reason. The exit code is 1 if fewer than 95 % of
// the others are noticed, or if a line of equivalent.txt is wrong.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// goal is the share of mutants that the tests must notice, in percent.
const goal = 95

func main() {
	only := flag.String("only", "", "mutants whose `names` begin so, separated by commas; the names begin with the file")
	jobs := flag.Int("jobs", runtime.NumCPU(), "test `programs` that run at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, selection(strings.Split(*only, ",")), *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// selection are the beginnings of the names of the mutants to run.
type selection []string

func (s selection) includes(name string) bool {
	return slices.ContainsFunc(s, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// includesFolder reports whether the selection has mutants of the files in a folder.
func (s selection) includesFolder(folder string) bool {
	return slices.ContainsFunc(s, func(begin string) bool {
		return strings.HasPrefix(begin, folder) || strings.HasPrefix(folder, begin)
	})
}

func run(ctx context.Context, w io.Writer, only selection, jobs int) error {
	equivalents, err := readEquivalents("scripts/mutants/equivalent.txt")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	stopRedis, err := startRedis(work)
	if err != nil {
		return err
	}
	defer stopRedis()
	code, err := rewriteCode()
	if err != nil {
		return err
	}
	programs, err := buildPrograms(ctx, work, only)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "recording which tests reach which mutants\n")
	tests, reached, err := recordTests(ctx, programs, jobs)
	if err != nil {
		return err
	}
	all, err := code.listMutants(reached)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !only.includes(m.name) })
	valid, err := newValidator(ctx)
	if err != nil {
		return err
	}
	defer valid.close(context.WithoutCancel(ctx))
	results, err := runMutants(ctx, all, tests, valid, jobs)
	if err != nil {
		return err
	}
	slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(a.mutant.file, b.mutant.file) })
	return report(w, results, equivalents, only)
}
