package store_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// tagLiteral matches a tag in a trigger function, e.g. 'course:' || id || '.videos'.
var tagLiteral = regexp.MustCompile(`'(?:course|user|teaching|enrollment|review|video|section|category|certificate):' \|\| [^,)]*?(?:coalesce\([^)]*\)[^,)]*?)?(?:\)| END|,| AS)|'courses[a-z.]*:' \|\| part|'(?:courses|categories|certificates|users)[a-z.]*'|\{words\}`)

// partialMoves are replacements that drop the old or the new position of a course, and so the parts
// between them.
var partialMoves = [][2]string{
	{"least(old_rating, new_rating)", "new_rating"},
	{"greatest(old_rating, new_rating)", "new_rating"},
	{"least(old_taken, new_taken)", "new_taken"},
	{"greatest(old_taken, new_taken)", "new_taken"},
}

// TestTagsAreSound detects every missing tag of a trigger. The test takes minutes and runs with
// MUTANTS=1 only.
func TestMissingTagsAreDetected(t *testing.T) {
	t.Parallel()
	if os.Getenv("MUTANTS") == "" {
		t.Skip("takes minutes: set MUTANTS=1")
	}
	db := stageSoundness(t)
	rows, err := db.Query(t.Context(), "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'tell\\_%' ORDER BY proname")
	if err != nil {
		t.Fatal(err)
	}
	functions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions {
		for n, at := range tagLiteral.FindAllStringIndex(f, -1) {
			literal := f[at[0]:at[1]]
			mutant := f[:at[0]] + "'nothing' || " + literal + f[at[1]:]
			if literal == "{words}" {
				mutant = f[:at[0]] + "{nothing}" + f[at[1]:]
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(f, "CREATE OR REPLACE FUNCTION public."), "(")
			t.Run(fmt.Sprint(name, " ", n, " ", literal), func(t *testing.T) { expectDetection(t, mutant) })
		}
		for _, m := range partialMoves {
			if mutant := strings.Replace(f, m[0], m[1], 1); mutant != f {
				t.Run(m[0], func(t *testing.T) { expectDetection(t, mutant) })
			}
		}
	}
}

// expectDetection fails unless one of 30 seeds detects a mutant.
func expectDetection(t *testing.T, mutant string) {
	t.Helper()
	t.Parallel()
	for seed := range uint64(30) {
		db := stageSoundness(t)
		exec(t, db, mutant)
		if unsound, compared, _ := findUnsoundRead(t, db, seed, 300); unsound != "" {
			t.Logf("after %d reads of seed %d: %.300s", compared, seed, unsound)
			return
		}
	}
	t.Error("the mutant is not detected")
}
