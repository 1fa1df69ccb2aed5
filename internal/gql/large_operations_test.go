package gql_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

// TestLargeOperationsTakeTurns checks that an address waits for one operation of each other address, however
// many of them wait, that the number of those is limited, and that nothing is left in the end.
func TestLargeOperationsTakeTurns(t *testing.T) {
	t.Parallel()
	s, free := gql.NewWithBusyProcessors(gql.Options{Log: discardLog})
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		wait := func(ctx context.Context, address string) {
			err := s.QueueLargeOperation(ctx, address)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				order = append(order, "-"+address)
				return
			}
			order = append(order, address)
			go s.EndLargeOperation()
		}
		for range 40 {
			go wait(t.Context(), "a")
			synctest.Wait()
		}
		leaving, leave := context.WithCancel(t.Context())
		for _, address := range []string{"b", "b", "c"} {
			go wait(t.Context(), address)
			synctest.Wait()
		}
		go wait(leaving, "d")
		synctest.Wait()
		leave()
		synctest.Wait()
		if got := strings.Join(order, " "); got != "-a -a -a -a -a -a -a -a -d" {
			t.Errorf("rejected: %s", got)
		}
		order = nil
		s.EndLargeOperation()
		synctest.Wait()
		if got := strings.Join(order, " "); !strings.HasPrefix(got, "a b c a b a a ") || len(order) != 35 {
			t.Errorf("%d began: %s", len(order), got)
		}
		go wait(t.Context(), "a") // one is free
		synctest.Wait()
		if len(order) != 36 {
			t.Error("none was free")
		}
	})
	free()
}
