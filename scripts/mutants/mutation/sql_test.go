package mutation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/scripts/mutants/mutation"
)

func TestFindMutants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want []string // key and replacement
	}{
		"a condition": {
			"-- name: Read\nSELECT u.id FROM users u WHERE u.id = $12",
			[]string{"Read:predicate:u.id = $ => (u.id = $12 OR TRUE)"},
		},
		"operands of AND and of OR": {
			"SELECT 1 WHERE a = 1 AND (b OR NOT c)",
			[]string{
				"f:predicate:b => (b AND FALSE)", "f:predicate:NOT c => (NOT c AND FALSE)",
				"f:predicate:a = 1 => (a = 1 OR TRUE)", "f:predicate:(b OR NOT c) => ((b OR NOT c) OR TRUE)",
			},
		},
		"a selected disjunction": {
			"SELECT s.id, a OR b FROM s",
			[]string{"f:predicate:a => (a AND FALSE)", "f:predicate:b => (b AND FALSE)"},
		},
		"joins, filters and cases": {
			"SELECT count(*) FILTER (WHERE x) FROM a JOIN b ON a.i = b.i LEFT JOIN LATERAL (SELECT) c ON true WHERE CASE WHEN y THEN z END",
			[]string{"f:predicate:x => (x OR TRUE)", "f:predicate:a.i = b.i => (a.i = b.i OR TRUE)", "f:predicate:y => (y OR TRUE)"},
		},
		"no condition": {
			"INSERT INTO a (i) VALUES ('x OR y') ON CONFLICT (i) DO UPDATE SET i = 1 -- WHERE x",
			nil,
		},
		"a comparison of null": {
			"SELECT 1 WHERE (t.a, t.b, t.c) IS DISTINCT FROM ($1, $2, $3) AND c",
			[]string{"f:predicate:(t.a, …) IS DISTINCT FROM ($, …) => ((t.a, t.b, t.c) IS DISTINCT FROM ($1, $2, $3) OR TRUE)", "f:predicate:c => (c OR TRUE)"},
		},
		"a statement of a test": {"", nil},
		"orders": {
			"SELECT DISTINCT a FROM (SELECT x ORDER BY y DESC, z ASC LIMIT 1) b ORDER BY a, count(DISTINCT c) FOR UPDATE SKIP LOCKED",
			[]string{
				"f:order:y DESC => y ASC", "f:order:z ASC => z DESC", "f:distinct:DISTINCT => ",
				"f:lock:FOR UPDATE SKIP LOCKED => ", "f:order:a => a DESC", "f:order:count(DISTINCT c) => count(DISTINCT c) DESC", "f:distinct:DISTINCT#2 => ",
			},
		},
		"locks": {
			"SELECT pg_advisory_xact_lock($1), pg_advisory_unlock(1) FROM t, s FOR NO KEY UPDATE OF t, s",
			[]string{
				"f:lock:pg_advisory_xact_lock($) -> (($1)::bigint IS NOT NULL) => (($1)::bigint IS NOT NULL)",
				"f:lock:FOR NO KEY UPDATE OF t, s => ", "f:lock:t, s -> s => s", "f:lock:t, s -> t => t",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range mutation.FindMutants("f", c.sql) {
				got = append(got, m.Key+" => "+m.Mutated)
				if !strings.Contains(m.MutatedSQL, m.Mutated) || m.MutatedSQL == m.SQL || m.SQL != c.sql {
					t.Errorf("%s: the statement is %q", m.Key, m.MutatedSQL)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
