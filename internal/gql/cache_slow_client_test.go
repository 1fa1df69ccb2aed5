package gql

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/store"
)

// stalledWriter is a client who takes nothing of an answer until he is let go.
type stalledWriter struct {
	*httptest.ResponseRecorder
	began, free chan struct{}
}

func (s stalledWriter) Write(b []byte) (int, error) {
	close(s.began)
	<-s.free
	return s.ResponseRecorder.Write(b)
}

// Who takes an answer slowly keeps nobody waiting who needs it made anew.
func TestSlowReaderIsAlone(t *testing.T) {
	t.Parallel()
	s, _, followed := newMemoServer(t, io.Discard)
	changed := func() { followed.Publish(t.Context(), []store.Change{{ID: 1, Tags: []string{"*"}}}) }
	serve(s, newQueryRequest(titles, nil)) // and it is known who shares it
	changed()
	slow := stalledWriter{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	var sent sync.WaitGroup
	sent.Go(func() { s.ServeHTTP(slow, newQueryRequest(titles, nil)) })
	<-slow.began
	changed()
	began := time.Now()
	w := serve(s, newQueryRequest(titles, nil))
	if took, status := time.Since(began), w.Header().Get("Cache-Status"); status != `"7p"; fwd=miss; stored` || took > time.Second {
		t.Errorf("%s after %v", status, took)
	}
	close(slow.free)
	sent.Wait()
	if slow.Code != http.StatusOK || slow.Body.String() != w.Body.String() {
		t.Errorf("he got %d %s", slow.Code, slow.Body)
	}
}
