// Package vitals receives what browsers measure on the pages of the front end, and shows it to admins.
package vitals

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend/session"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/telemetry"
)

// Path is the path of the figures.
const Path = "/vitals"

// The limits of a report, and of all reports of a process.
const (
	maxBytes        = 4 << 10
	maxFigures      = 20
	maxMessageRunes = 300
	maxValue        = 10 * 60 * 1000 // ten minutes in milliseconds
	reportsPerSec   = 200
	errorsPerSec    = 1 // lines of the log
	maxSlowest      = 20
	slowestAge      = time.Hour // after which others take its place
)

// Handler receives and shows figures.
type Handler struct {
	metrics *telemetry.WebVitals
	log     *slog.Logger
	reports *rate.Limiter
	errors  *rate.Limiter

	mu      sync.Mutex
	slowest []slowDocument // of the process, the slowest first
}

// New returns a handler.
func New(metrics *telemetry.WebVitals, log *slog.Logger) *Handler {
	return &Handler{
		metrics: metrics, log: log,
		reports: rate.NewLimiter(reportsPerSec, 2*reportsPerSec), errors: rate.NewLimiter(errorsPerSec, 5),
	}
}

// report is the body of a beacon.
type report struct {
	Route     string           `json:"route"`
	Release   string           `json:"release"`
	Metrics   []metricFigure   `json:"metrics"`
	Documents []documentFigure `json:"documents"`
	Errors    []scriptError    `json:"errors"`
}

type metricFigure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

type documentFigure struct {
	Document string  `json:"document"`
	Ms       float64 `json:"ms"`
	Cache    string  `json:"cache"`
	TraceID  string  `json:"traceId,omitempty"`
}

// slowDocument is one of the slowest requests of the last hour.
type slowDocument struct {
	documentFigure
	at time.Time
}

type scriptError struct {
	Message string `json:"message"`
	Kind    string `json:"kind"`
}

// ServeReport records a report of a page of this server.
func (h *Handler) ServeReport(w http.ResponseWriter, r *http.Request) {
	if !session.IsSameOrigin(r) {
		response.WriteError(w, http.StatusForbidden, "FORBIDDEN", "only pages of this server may report their figures here")
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		response.WriteError(w, http.StatusUnsupportedMediaType, response.CodeUnsupportedMediaType, "send Content-Type: application/json")
		return
	}
	if !h.reports.Allow() {
		w.Header().Set("Retry-After", "1")
		response.WriteError(w, http.StatusTooManyRequests, "RATE_LIMITED", "too many reports at this server")
		return
	}
	var in report
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBytes)).Decode(&in)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		response.WriteError(w, http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge, "a report has at most 4 KiB")
		return
	}
	if err != nil {
		response.WriteError(w, http.StatusBadRequest, response.CodeBadRequest, "invalid JSON")
		return
	}
	h.record(r, in)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// record records the figures of a report that are possible.
func (h *Handler) record(r *http.Request, in report) {
	for _, m := range in.Metrics[:min(len(in.Metrics), maxFigures)] {
		if isPossible(m.Value) {
			h.metrics.RecordVital(m.Name, in.Route, in.Release, m.Value)
		}
	}
	for _, d := range in.Documents[:min(len(in.Documents), maxFigures)] {
		if isPossible(d.Ms) {
			d.Document, d.Cache = h.metrics.RecordDocument(d.Document, d.Cache, d.Ms)
			h.keepSlowest(d)
		}
	}
	for _, e := range in.Errors[:min(len(in.Errors), maxFigures)] {
		h.metrics.RecordError(e.Kind)
		if h.errors.Allow() {
			h.log.WarnContext(r.Context(), "script error in a page", "route", shorten(in.Route), "release", shorten(in.Release), "kind", shorten(e.Kind), "message", shorten(e.Message))
		}
	}
}

func isPossible(value float64) bool { return value >= 0 && value <= maxValue && !math.IsNaN(value) }

// shorten returns a text of a browser as the log may have it.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, "")
	if utf8.RuneCountInString(text) > maxMessageRunes {
		text = string([]rune(text)[:maxMessageRunes])
	}
	return text
}

// keepSlowest adds a request to the slowest ones if it is one of them and can be found in the traces.
func (h *Handler) keepSlowest(d documentFigure) {
	if !isTraceID(d.TraceID) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropOldSlowest()
	at := len(h.slowest)
	for at > 0 && h.slowest[at-1].Ms < d.Ms {
		at--
	}
	if at == maxSlowest {
		return
	}
	h.slowest = append(h.slowest[:at:at], append([]slowDocument{{d, time.Now()}}, h.slowest[at:min(len(h.slowest), maxSlowest-1)]...)...)
}

// dropOldSlowest drops the requests of more than slowestAge ago. The mutex is held.
func (h *Handler) dropOldSlowest() {
	h.slowest = slices.DeleteFunc(h.slowest, func(d slowDocument) bool { return time.Since(d.at) > slowestAge })
}

// isTraceID reports whether a text is 32 lower-case hex digits.
func isTraceID(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// summary is the response to admins.
type summary struct {
	telemetry.VitalsSummary
	Slowest []slowDocument `json:"slowest"`
}

// ServeSummary sends the figures of this process to admins.
func (h *Handler) ServeSummary(w http.ResponseWriter, r *http.Request) {
	switch v := edu.ViewerFrom(r.Context()); {
	case v.IsAdmin():
	case v.SignedIn():
		response.WriteError(w, http.StatusForbidden, "FORBIDDEN", "only an admin may read the figures")
		return
	default:
		response.WriteError(w, http.StatusUnauthorized, "UNAUTHENTICATED", "sign in as an admin to read the figures")
		return
	}
	h.mu.Lock()
	h.dropOldSlowest()
	s := summary{h.metrics.Summary(), append([]slowDocument{}, h.slowest...)}
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s) // fails only if the client has disconnected
}
