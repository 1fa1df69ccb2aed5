package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// TestExplainStatement checks that every statement of a page of a search can be explained with its parameters, that the
// plan has no value of one, and that statements that write are rejected by their text or by the transaction.
func TestExplainStatement(t *testing.T) {
	t.Parallel()
	s := open(t, store.Config{URL: testdb.Direct(t, testdb.NewWithDemo(t)), MaxConns: 2})
	pages, _ := searchQueries()
	o := &observe.Operation{IsExplained: true}
	if err := s.RunQueries(observe.NewContext(t.Context(), o), pages["a filter"], pages["a common word"]); err != nil {
		t.Fatal(err)
	}
	texts := o.RoundTrips()[0].Texts
	if len(texts) != 2 {
		t.Fatalf("%d texts of two statements", len(texts))
	}
	for _, text := range texts {
		for range 2 { // a second time: the prepared statement is gone
			plan, err := s.ExplainStatement(t.Context(), text.SQL, text.Args)
			if err != nil {
				t.Fatal(err)
			}
			var plans []struct{ Plan planNode }
			if err := json.Unmarshal(plan, &plans); err != nil || plans[0].Plan.NodeType == "" || strings.Contains(string(plan), "python") {
				t.Errorf("%v: %s", err, plan)
			}
		}
	}
	if plan, err := s.ExplainStatement(t.Context(), "SELECT $1::bigint[], $2::text", []any{[]int64{1, 2}, nil}); err != nil {
		t.Errorf("%v: %s", err, plan)
	}
	for _, sql := range []string{"UPDATE courses SET price = 0", "COPY"} {
		if _, err := s.ExplainStatement(t.Context(), sql, nil); !errors.Is(err, store.ErrNotExplained) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := s.ExplainStatement(t.Context(), "WITH gone AS (DELETE FROM courses RETURNING id) SELECT count(*) FROM gone", nil); err == nil {
		t.Errorf("a statement that deletes: %v", err)
	}
	// Behind a pooler, statements are explained on a direct connection, or not at all.
	direct := s.PrimaryPool().Config().ConnString()
	pooled := open(t, store.Config{URL: direct, Pooler: store.PoolerTransaction, DirectURL: direct, MaxConns: 2})
	if plan, err := pooled.ExplainStatement(t.Context(), texts[0].SQL, texts[0].Args); err != nil || len(plan) == 0 {
		t.Errorf("with a direct connection: %v", err)
	}
	pooled = open(t, store.Config{URL: direct, Pooler: store.PoolerTransaction, MaxConns: 2})
	if _, err := pooled.ExplainStatement(t.Context(), "SELECT 1", nil); err == nil || !strings.Contains(err.Error(), "set DIRECT_DATABASE_URL") {
		t.Errorf("without a direct connection: %v", err)
	}
	// Operations that are not explained record no text.
	plain := &observe.Operation{}
	if err := s.RunQueries(observe.NewContext(t.Context(), plain), pages["a common word"]); err != nil || plain.RoundTrips()[0].Texts != nil {
		t.Errorf("%v: %v", err, plain.RoundTrips()[0].Texts)
	}
}
