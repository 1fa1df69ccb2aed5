package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

// deadlines is an answer that is taken slowly, and notes what is written under which
// deadline.
type deadlines struct {
	httptest.ResponseRecorder
	until  time.Time
	pieces []int
}

const hour = time.Hour

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.until = t
	return nil
}

func (d *deadlines) Write(b []byte) (int, error) {
	if left := time.Until(d.until); left < hour-hour/16 {
		return 0, http.ErrHandlerTimeout
	}
	d.pieces = append(d.pieces, len(b))
	time.Sleep(hour / 2)
	return len(b), nil
}

// An answer written at once is sent in pieces, each of which has its time.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{until: time.Now().Add(hour)} // as http.Server sets it
		middleware.SlowReaders(hour)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, size := range []int{0, 1, 150_000} {
				if n, err := w.Write(make([]byte, size)); n != size || err != nil {
					t.Errorf("%d bytes of %d, %v", n, size, err)
				}
			}
		})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		sum, most := 0, 0
		for _, n := range w.pieces {
			sum, most = sum+n, max(most, n)
		}
		if sum != 150_001 || most != 64<<10 {
			t.Errorf("pieces of %v bytes", w.pieces)
		}
	})
}
