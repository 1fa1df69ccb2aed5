package gql_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/store"
)

// stalledWriter is a client that does not read the response until the test releases it.
type stalledWriter struct {
	*httptest.ResponseRecorder
	began, free chan struct{}
}

func (s stalledWriter) Write(b []byte) (int, error) {
	close(s.began)
	<-s.free
	return s.ResponseRecorder.Write(b)
}

// A slow client does not delay the requests that wait for the same response.
func TestSlowClientDelaysNoOthers(t *testing.T) {
	t.Parallel()
	o := gql.Options{Store: openDemoStore(t), Log: discardLog, Introspection: true}
	c, invalidations := newResponseCache(t, o.Store)
	o.ResponseCache = c
	s := gql.New(o)
	invalidateAll := func() { invalidations.Publish(t.Context(), []store.Change{{ID: 1, Tags: []string{"*"}}}) }
	postQuery(t, s, edu.Viewer{}, titles) // from now on the cache predicts the scope of this response
	invalidateAll()
	slow := stalledWriter{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	var sent sync.WaitGroup
	sent.Go(func() { s.ServeHTTP(slow, gqltest.NewRequest(t.Context(), edu.Viewer{}, titles, nil)) })
	<-slow.began
	invalidateAll()
	began := time.Now()
	resp := postQuery(t, s, edu.Viewer{}, titles)
	if took, status := time.Since(began), resp.Header.Get("Cache-Status"); status != `"7p"; fwd=miss; stored` || took > 5*time.Second {
		t.Errorf("%s after %v", status, took)
	}
	close(slow.free)
	sent.Wait()
	if slow.Code != http.StatusOK || slow.Body.String() != resp.Text() {
		t.Errorf("the slow client got %d %s", slow.Code, slow.Body)
	}
}
