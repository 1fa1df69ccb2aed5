package middleware

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// HealthCheck is one dependency of readiness. Probe returns nil while the dependency works. A
// failed required check makes the process unready; a failed optional check makes it degraded.
type HealthCheck struct {
	Name     string
	Required bool
	Probe    func(context.Context) error
}

// HealthCauser is an error of an optional check whose cause may be sent.
type HealthCauser interface {
	error
	// HealthCause returns the cause in a few words, without addresses and secrets.
	HealthCause() string
}

// Health serves the liveness and readiness probes. The cause of a failed check is logged, and sent only if
// its error is a HealthCauser.
type Health struct {
	log      *slog.Logger
	deadline time.Duration
	checks   []HealthCheck
	draining atomic.Bool
}

// NewHealth returns a Health over checks, which run concurrently and fail after deadline.
func NewHealth(log *slog.Logger, deadline time.Duration, checks ...HealthCheck) *Health {
	return &Health{log: log, deadline: deadline, checks: checks}
}

// StartDraining makes the process unready permanently, so that a load balancer sends no new
// requests while those in flight finish.
func (h *Health) StartDraining() { h.draining.Store(true) }

type healthReport struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// ServeLiveness serves /healthz: 200 {"status":"ok"} while the process serves requests at all.
func (h *Health) ServeLiveness(w http.ResponseWriter, _ *http.Request) {
	writeHealthReport(w, http.StatusOK, healthReport{Status: "ok"})
}

// ServeReadiness serves /readyz. The status is "ok" or, if only optional checks fail, "degraded",
// both with 200; "unavailable" if a required check fails, or "draining", both with 503. Checks
// holds "ok" or "failed" by name, or "degraded: " and the cause of a HealthCauser.
func (h *Health) ServeReadiness(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		writeHealthReport(w, http.StatusServiceUnavailable, healthReport{Status: "draining"})
		return
	}
	status, report := http.StatusOK, healthReport{Status: "ok", Checks: make(map[string]string, len(h.checks))}
	for i, err := range h.runChecks(r.Context()) {
		check := h.checks[i]
		if err == nil {
			report.Checks[check.Name] = "ok"
			continue
		}
		h.log.WarnContext(r.Context(), "health check failed", "check", check.Name, "required", check.Required, "error", err)
		report.Checks[check.Name] = "failed"
		if causer, ok := errors.AsType[HealthCauser](err); ok {
			report.Checks[check.Name] = "degraded: " + causer.HealthCause()
		}
		if check.Required {
			status, report.Status = http.StatusServiceUnavailable, "unavailable"
		} else if status == http.StatusOK {
			report.Status = "degraded"
		}
	}
	writeHealthReport(w, status, report)
}

// runChecks runs all checks and returns their errors in order. A probe that ignores its context is
// abandoned at the deadline.
func (h *Health) runChecks(ctx context.Context) []error {
	ctx, cancel := context.WithTimeout(ctx, h.deadline)
	defer cancel()
	errs := make([]error, len(h.checks))
	var wg sync.WaitGroup
	for i, check := range h.checks {
		wg.Go(func() {
			done := make(chan error, 1)
			go func() { done <- check.Probe(ctx) }()
			select {
			case errs[i] = <-done:
			case <-ctx.Done():
				errs[i] = ctx.Err()
			}
		})
	}
	wg.Wait()
	return errs
}

func writeHealthReport(w http.ResponseWriter, status int, report healthReport) {
	body, _ := json.Marshal(report) // strings only: no error is possible
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
