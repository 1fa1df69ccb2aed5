package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/7p-education/api/scripts/mutants/mutation"
)

// branchFiles are the files whose conditions get mutants. The statements of sqlFiles get theirs.
var (
	branchFiles = []string{"edu/*.go", "internal/auth/*.go", "internal/ratelimit/*.go", "internal/middleware/client.go", "internal/middleware/forwarded.go"}
	sqlFiles    = []string{"store/*.go"}
)

// testFolders are the folders of the test programs.
var testFolders = []string{"edu", "internal/auth", "internal/ratelimit", "internal/middleware", "store", "resolvers"}

// rewrittenCode is the code with switches.
type rewrittenCode struct {
	mutants []mutant         // those of Go, and the parts of statements
	lines   map[string]place // of statements
}

type place struct {
	file string
	line int
}

// overlayFolder holds the files with switches. It is the same in every run, because the programs contain its name
// and would otherwise be built and recorded again.
const overlayFolder = ".cache/mutants/overlay"

// rewriteCode writes the files with switches to overlayFolder, and overlay.json, which replaces the files with them
// in a build.
func rewriteCode() (*rewrittenCode, error) {
	if err := os.MkdirAll(overlayFolder, 0o755); err != nil {
		return nil, err
	}
	code := &rewrittenCode{lines: map[string]place{}}
	overlay := map[string]string{}
	rewrite := func(file string, branches bool) error {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rewritten, mutants, lines, err := rewriteFile(file, source, branches)
		if err != nil {
			return err
		}
		for name, line := range lines {
			code.lines[name] = place{file, line}
		}
		code.mutants = append(code.mutants, mutants...)
		if rewritten == nil {
			return nil
		}
		overlay[file] = overlayFolder + "/" + strings.ReplaceAll(file, "/", "_")
		return os.WriteFile(overlay[file], rewritten, 0o644)
	}
	for _, patterns := range [][]string{branchFiles, sqlFiles} {
		for _, pattern := range patterns {
			files, err := filepath.Glob(pattern)
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				if strings.HasSuffix(file, "_test.go") {
					continue
				}
				if err := rewrite(file, slices.Contains(branchFiles, pattern)); err != nil {
					return nil, err
				}
			}
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, err
	}
	return code, os.WriteFile(overlayFolder+"/overlay.json", content, 0o644)
}

// listMutants returns all mutants. The mutants of SQL are among the reached ones.
func (c *rewrittenCode) listMutants(reached map[string]mutation.Reached) ([]mutant, error) {
	all := slices.Clone(c.mutants)
	for key, r := range reached {
		if r.SQL == "" {
			continue
		}
		statement, _, _ := strings.Cut(key, ":")
		at, ok := c.lines[statement]
		if !ok {
			return nil, fmt.Errorf("no file of sqlFiles has the statement %s", statement)
		}
		all = append(all, mutant{
			name: at.file + ":" + key, key: key, file: at.file, line: at.line,
			original: r.Original, mutated: r.Mutated, sql: r.SQL, mutatedSQL: r.MutatedSQL,
		})
	}
	slices.SortStableFunc(all, func(a, b mutant) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// program is a test program with the code with switches.
type program struct{ folder, path string }

// buildPrograms builds the test programs that the selected mutants need.
func buildPrograms(ctx context.Context, work string, only selection) ([]program, error) {
	var programs []program
	args := []string{"test", "-c", "-overlay", overlayFolder + "/overlay.json", "-o", work + "/"}
	all := slices.ContainsFunc(testFolders, func(f string) bool { return f != "store" && f != "resolvers" && only.includesFolder(f) })
	for _, folder := range testFolders {
		if !all && folder != "store" && folder != "resolvers" { // tests of these do not reach the store
			continue
		}
		programs = append(programs, program{folder, filepath.Join(work, filepath.Base(folder)+".test")})
		args = append(args, "./"+folder)
	}
	build := exec.CommandContext(ctx, "go", args...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the test programs: %w", err)
	}
	return programs, nil
}

// listTests returns the names of the tests of a program.
func (p program) listTests(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, p.path, "-test.list", "^(Test|Fuzz|Example)")
	list.Dir = p.folder
	out, err := list.Output()
	return strings.Fields(string(out)), err
}
