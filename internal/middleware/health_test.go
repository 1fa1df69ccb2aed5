package middleware_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	works := func(context.Context) error { return nil }
	fails := func(context.Context) error { return errors.New("dial 10.0.0.7: password hush") }
	lags := func(context.Context) error { return causeError{"lags"} }
	hangs := func(context.Context) error { select {} }
	tests := map[string]struct {
		database, redis func(context.Context) error
		status          int
		body            string
	}{
		"all works":      {works, works, 200, `{"status":"ok","checks":{"database":"ok","redis":"ok"}}`},
		"optional fails": {works, fails, 200, `{"status":"degraded","checks":{"database":"ok","redis":"failed"}}`},
		"optional lags":  {works, lags, 200, `{"status":"degraded","checks":{"database":"ok","redis":"failed"},"causes":{"redis":"lags"}}`},
		"required fails": {fails, works, 503, `{"status":"unavailable","checks":{"database":"failed","redis":"ok"}}`},
		"both fail":      {fails, fails, 503, `{"status":"unavailable","checks":{"database":"failed","redis":"failed"}}`},
		"required hangs": {hangs, works, 503, `{"status":"unavailable","checks":{"database":"failed","redis":"ok"}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deadline := time.Second
			if strings.Contains(name, "hangs") {
				deadline = 50 * time.Millisecond
			}
			health := middleware.NewHealth(slog.New(slog.DiscardHandler), deadline,
				middleware.HealthCheck{Name: "database", Required: true, Probe: tt.database},
				middleware.HealthCheck{Name: "redis", Probe: tt.redis})
			checkHealth(t, health.ServeReadiness, tt.status, tt.body)
			checkHealth(t, health.ServeLiveness, 200, `{"status":"ok"}`)
			health.StartDraining()
			checkHealth(t, health.ServeReadiness, 503, `{"status":"draining"}`)
			checkHealth(t, health.ServeLiveness, 200, `{"status":"ok"}`)
		})
	}
}

// causeError is an error whose cause may be sent.
type causeError struct{ cause string }

func (causeError) Error() string         { return "dial 10.0.0.7: password hush" }
func (e causeError) HealthCause() string { return e.cause }

// checkHealth calls h and compares the status and body of its response.
func checkHealth(t *testing.T, h http.HandlerFunc, status int, want string) {
	t.Helper()
	res := get(t, h)
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != status || string(body) != want {
		t.Errorf("got %d %s, want %d %s", res.StatusCode, body, status, want)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}
