package gql_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/gqltest"
)

// sortedErrors returns the errors of a result as text: gqlgen's goroutines report them in any order.
func sortedErrors(r gqltest.Result) []string {
	var list []string
	for _, e := range r.Errors {
		list = append(list, fmt.Sprint(e))
	}
	slices.Sort(list)
	return list
}

// TestEncodesAsGqlgen executes random queries over the whole schema with the generated encoder and with
// gqlgen alone, and compares every byte of the data. The encoder may report fewer errors: after a null has
// propagated to a parent, gqlgen goes on with the siblings and reports their errors. The encoder stops, as
// the specification (section 6.4.4) allows.
func TestEncodesAsGqlgen(t *testing.T) {
	t.Parallel()
	o := generatorOptions(openDemoStore(t))
	var log bytes.Buffer
	ours, gqlgens := withAccessLog(gql.New(o), &log), gql.NewWithoutEncoder(o)
	viewers := []edu.Viewer{{}, student, instructor, admin, admin, admin}
	g := newQueryGenerator(7, fetchIDs(t, ours))
	const rounds = 120
	failed := 0
	for i := range rounds {
		text, viewer := g.generateQuery(), viewers[i%len(viewers)]
		got, want := queryGenerated(t, ours, viewer, text).Result(t), queryGenerated(t, gqlgens, viewer, text).Result(t)
		if len(want.Errors) > 0 {
			failed++
		}
		if diff := cmp.Diff(string(want.Data), string(got.Data)); diff != "" {
			t.Fatalf("query %d as %+v\n%s\n(-gqlgen +ours)\n%s", i, viewer, text, diff)
		}
		gotErrors, wantErrors := sortedErrors(got), sortedErrors(want)
		if (len(gotErrors) == 0) != (len(wantErrors) == 0) {
			t.Fatalf("query %d as %+v\n%s\nerrors: gqlgen %v, ours %v", i, viewer, text, wantErrors, gotErrors)
		}
		for _, e := range gotErrors {
			if len(wantErrors) < response.MaxErrors && !slices.Contains(wantErrors, e) {
				t.Fatalf("query %d as %+v\n%s\nthe encoder reports %s,\ngqlgen only %v", i, viewer, text, e, wantErrors)
			}
		}
	}
	// An edge that is not prefetched waits for its keys, one object after the other.
	if waits := strings.Count(log.String(), "batch_waits"); waits > 0 {
		t.Errorf("%d of %d queries have an edge that is not prefetched:\n%s", waits, rounds, log.String())
	}
	if failed < rounds/10 || failed > rounds*9/10 {
		t.Errorf("%d of %d queries have errors: both kinds are needed", failed, rounds)
	}
}

// A context that is done while a list is encoded causes no panic: the error's path ends with an index, which
// has no field of its own.
func TestCancelWithinLists(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	for _, text := range []string{"{ categories { name } }", "{ courses { nodes { tags videos { nodes { title } } } } }"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		log, lines := newBufferLogger()
		s := gql.New(gql.Options{Store: db, Log: log})
		s.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
			v, err := next(ctx) // the root field is read, its list is not encoded yet
			cancel(context.Canceled)
			return v, err
		})
		gqltest.Serve(s, gqltest.NewRequest(ctx, edu.Viewer{}, text, nil))
		if lines.Len() > 0 {
			t.Errorf("%s\nlogged %s", text, lines)
		}
	}
}
