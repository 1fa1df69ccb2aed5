package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// readEquivalents reads the mutants that change nothing: a name, a tab and the reason in each line.
func readEquivalents(file string) (map[string]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, ok := strings.Cut(line, "\t")
		if !ok || reason == "" {
			return nil, fmt.Errorf("%s: line without a reason: %s", file, line)
		}
		reasons[name] = reason
	}
	return reasons, nil
}

// tally counts the mutants of a file.
type tally struct{ killed, lived, equivalent, invalid int }

// rate returns the share of mutants that were noticed, in percent.
func (t tally) rate() float64 {
	if t.killed+t.lived == 0 {
		return 100
	}
	return 100 * float64(t.killed) / float64(t.killed+t.lived)
}

// report writes the survivors and a table of the files. It returns an error if fewer than goal percent were
// noticed, or if an equivalent is wrong.
func report(w io.Writer, results []result, equivalents map[string]string, only selection) error {
	files, total, survivors, wrong := tallyResults(results, equivalents, only)
	for _, r := range survivors {
		m := r.mutant
		fmt.Fprintf(w, "%s:%d: lived, reached by %d tests: %s\n\toriginal: %s\n\tmutated:  %s\n", m.file, m.line, r.tests, m.name,
			whiteSpace.ReplaceAllString(m.original, " "), whiteSpace.ReplaceAllString(m.mutated, " "))
	}
	fmt.Fprintf(w, "\n%-36s %8s %8s %8s %11s %8s\n", "file", "noticed", "killed", "lived", "equivalent", "invalid")
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	line := func(name string, t tally) {
		fmt.Fprintf(w, "%-36s %6.1f %% %8d %8d %11d %8d\n", name, t.rate(), t.killed, t.lived, t.equivalent, t.invalid)
	}
	for _, name := range names {
		line(name, *files[name])
	}
	line("all", total)
	if total.rate() < goal {
		wrong = append(wrong, fmt.Errorf("the tests noticed %.1f %% of the mutants, the goal is %d %%", total.rate(), goal))
	}
	return errors.Join(wrong...)
}

// tallyResults counts the results by file and in all, and returns the survivors that no equivalent explains, and
// the errors of the equivalents.
func tallyResults(results []result, equivalents map[string]string, only selection) (files map[string]*tally, total tally, survivors []result, wrong []error) {
	files = map[string]*tally{}
	found := map[string]bool{}
	for _, r := range results {
		t := files[r.mutant.file]
		if t == nil {
			t = &tally{}
			files[r.mutant.file] = t
		}
		_, equivalent := equivalents[r.mutant.name]
		found[r.mutant.name] = true
		switch {
		case r.fate == invalid:
			t.invalid++
		case r.fate == killed && equivalent:
			wrong = append(wrong, fmt.Errorf("equivalent.txt: %s was noticed by %s: delete the line", r.mutant.name, r.by))
			t.killed++
		case r.fate == killed:
			t.killed++
		case equivalent:
			t.equivalent++
		default:
			t.lived++
			survivors = append(survivors, r)
		}
	}
	for name := range equivalents {
		if only.includes(name) && !found[name] {
			wrong = append(wrong, fmt.Errorf("equivalent.txt: there is no mutant %s", name))
		}
	}
	for _, t := range files {
		total.killed += t.killed
		total.lived += t.lived
		total.equivalent += t.equivalent
		total.invalid += t.invalid
	}
	return files, total, survivors, wrong
}
