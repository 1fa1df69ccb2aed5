package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// names returns the names of the statements of round trips, a list for each.
func names(trips []*observe.RoundTrip) (all [][]string) {
	for _, t := range trips {
		var list []string
		for _, s := range t.Statements {
			list = append(list, s.Name)
		}
		all = append(all, list)
	}
	return all
}

// TestRoundTripsAreObserved checks that an operation has its round trips with the names, the rows and the times of
// their statements, and that a transaction begins and ends in those of its statements.
func TestRoundTripsAreObserved(t *testing.T) {
	t.Parallel()
	var reported []*observe.RoundTrip
	dsn := testdb.Direct(t, testdb.NewWithDemo(t))
	s := open(t, store.Config{URL: dsn, MaxConns: 2, ObserveRoundTrip: func(r *observe.RoundTrip) { reported = append(reported, r) }})
	reported = nil // those of the connections
	o := &observe.Operation{}
	ctx := observe.NewContext(t.Context(), o)
	ignoreUser, ignoreCategory := func(*edu.User) {}, func(*edu.Category) {}

	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	readUsers, readCategories := store.UsersByID([]int64{1, 2}, 0, ignoreUser), store.CategoriesByID([]int64{1}, ignoreCategory)
	must(s.RunQueries(observe.WithLoads(ctx, []observe.Load{{Loader: "User", Keys: 2}}), readUsers, readCategories))
	must(s.RunQueries(ctx, readUsers))
	must(s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.Commit(ctx, readCategories) }))
	trips := o.RoundTrips()
	want := [][]string{{"UsersByID", "CategoriesByID"}, {"UsersByID"}}
	if got := names(trips[:2]); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got %q, want %q", got, want)
	}
	if last := names(trips)[len(trips)-1]; last[0] != "BEGIN" || last[len(last)-1] != "COMMIT" || !slices.Contains(last, "CategoriesByID") {
		t.Errorf("the transaction has %q", last)
	}
	for i, trip := range trips {
		if trip.Number != i+1 || trip.Database != "primary" || trip.Err != nil || trip.Duration <= 0 {
			t.Errorf("round trip %d is %+v", i+1, trip)
		}
		end := trip.Start
		for _, statement := range trip.Statements {
			if !statement.Start.Equal(end) || statement.Duration < 0 {
				t.Errorf("statement %+v does not begin at %v", statement, end)
			}
			end = end.Add(statement.Duration)
		}
	}
	if rows := trips[0].Statements[0].Rows; rows != 2 {
		t.Errorf("%d rows", rows)
	}
	if loads := trips[0].Loads; len(loads) != 1 || loads[0] != (observe.Load{Loader: "User", Keys: 2}) || trips[1].Loads != nil {
		t.Errorf("loads %v, %v", loads, trips[1].Loads)
	}
	if len(reported) != len(trips) {
		t.Errorf("%d round trips were reported, want %d", len(reported), len(trips))
	}
}

// TestFailedRoundTrips checks the errors of failed and of cancelled statements.
func TestFailedRoundTrips(t *testing.T) {
	t.Parallel()
	s := open(t, store.Config{URL: testdb.New(t), MaxConns: 2})
	o := &observe.Operation{}
	ctx, cancel := context.WithCancel(observe.NewContext(t.Context(), o))
	cancel()
	if err := s.RunQueries(ctx, store.UsersByID([]int64{1}, 0, func(*edu.User) {})); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	for _, trip := range o.RoundTrips() { // none if the cancelled context did not get a connection
		if trip.Err == nil {
			t.Errorf("%+v has no error", trip)
		}
	}
	_, err := s.PrimaryPool().Exec(observe.NewContext(t.Context(), o), "-- name: Wrong\nSELECT 1/0")
	trips := o.RoundTrips()
	if last := trips[len(trips)-1]; err == nil || last.Err == nil || last.Statements[0].Name != "Wrong" || last.Statements[0].Err == nil {
		t.Errorf("%v, %+v", err, last)
	}
}
