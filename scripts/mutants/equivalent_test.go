package main

import (
	"slices"
	"strings"
	"testing"
)

// Each line of equivalent.txt names a mutant of the code, or a statement that the code has.
func TestEquivalentsExist(t *testing.T) {
	t.Chdir("../..")
	equivalents, err := readEquivalents("scripts/mutants/equivalent.txt")
	if err != nil || len(equivalents) == 0 {
		t.Fatalf("%d equivalents, %v", len(equivalents), err)
	}
	code, err := rewriteCode()
	if err != nil {
		t.Fatal(err)
	}
	for name := range equivalents {
		parts := strings.SplitN(name, ":", 3)
		isMutant := slices.ContainsFunc(code.mutants, func(m mutant) bool { return m.name == name })
		if !isMutant && (!strings.HasPrefix(name, "store/") || code.lines[parts[1]].file != parts[0]) {
			t.Errorf("there is no mutant %s", name)
		}
	}
}
