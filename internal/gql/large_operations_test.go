package gql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
)

// TestLargeOperations checks that a large operation waits for others, is rejected after a while, and that
// neither a smaller one nor a mutation waits. The cost of signIn is that of a large one.
func TestLargeOperations(t *testing.T) {
	t.Parallel()
	s, free := gql.NewWithBusyProcessors(gql.Options{Store: openDemoStore(t), Log: discardLog})
	const small = "{ courses(first: 1) { nodes { id } } }"
	large := "{ courses(first: 100) { nodes {" + strings.Repeat(" a%: description", 3) + " } } }"
	for _, alias := range []string{"1", "2", "3"} {
		large = strings.Replace(large, "%", alias, 1)
	}
	if resp := postQuery(t, s, edu.Viewer{}, small); resp.Result(t).Codes() != "" {
		t.Fatalf("small: %s", resp)
	}
	const signIn = `mutation { signIn(input: {email: "nobody@7p.example", password: "wrong"}) { accessToken } }`
	if resp := postQuery(t, s, edu.Viewer{}, signIn); resp.Status != 200 || resp.Result(t).Codes() != "" {
		t.Fatalf("sign-in: %s", resp)
	}
	resp := postQuery(t, s, edu.Viewer{}, large)
	if resp.Status != 503 || resp.Header.Get("Retry-After") != "1" || !strings.Contains(string(resp.Body), "waited 5s") {
		t.Errorf("while the processors are busy: %s", resp)
	}
	if waits, rejected := s.LargeOperationStats(); waits != 1 || rejected != 1 {
		t.Errorf("%d waits, %d rejected", waits, rejected)
	}
	go func() { time.Sleep(50 * time.Millisecond); free() }()
	for range 3 { // each returns its slot
		if resp := postQuery(t, s, edu.Viewer{}, large); resp.Status != 200 || resp.Result(t).Codes() != "" {
			t.Errorf("after they are free: %.300s", resp)
		}
	}
}
