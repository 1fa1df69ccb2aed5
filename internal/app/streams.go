package app

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/telemetry"
)

// openStreams returns the hub of subscriptions and live queries, nil if the settings offer none. Streams end
// when the session or the account of their token does.
func openStreams(c *config.Config, s *services) *live.Hub {
	if c.MaxStreams == 0 {
		return nil
	}
	hub := live.NewHub(live.Options{
		Changes: s.responseCache.invalidation, MinInterval: c.LiveMinInterval,
		MaxStreams: c.MaxStreams, MaxPerCaller: c.MaxStreamsPerCaller, MaxPerAddress: c.MaxStreamsPerAddress,
		CloseSpread: c.ShutdownTimeout / 2,
	})
	s.authentication.onRevocation = func(r auth.Revocation) { hub.VerifyUser(r.User) }
	return hub
}

// streamOptions returns the options of streams.
func streamOptions(s *services, caller func(*http.Request) memory.Caller) transport.StreamOptions {
	return transport.StreamOptions{
		Hub: s.streams, Caller: caller, TransferCaller: s.shared.rateLimits.TransferCaller,
		ConsumeRequest: func(ctx context.Context) error { return s.shared.rateLimits.ConsumeRequests(ctx, 1) },
		Authenticate: func(ctx context.Context, token string) (edu.Viewer, time.Time, error) {
			v, err := s.authentication.VerifyToken(ctx, token)
			return v, auth.TokenExpiry(token), err
		},
		Reauthenticate: func(ctx context.Context, user int64, token string) (edu.Viewer, error) {
			s.authentication.Accounts.Invalidate(auth.Revocation{User: user})
			return s.authentication.VerifyToken(ctx, token)
		},
	}
}

// endStreams ends streams one after the other, so that their clients do not all connect to another server at once, and
// closes WebSockets without streams. It returns when all are closed or the context is done.
func (s *Server) endStreams(ctx context.Context) {
	var streams sync.WaitGroup
	if s.streams != nil {
		streams.Go(func() { s.streams.Close(ctx) })
	}
	s.api.CloseSockets(ctx)
	streams.Wait()
}

func addStreamMetrics(m *telemetry.Metrics, hub *live.Hub) {
	if hub == nil {
		return
	}
	for _, name := range transport.StreamTransports {
		m.RegisterGauge("sevenp_streams", "Subscriptions and live queries that are open, by transport.",
			func() float64 { return float64(hub.Stats().Streams[name]) }, "transport", name)
	}
	hub.ObserveDelays(m.RegisterHistogram("sevenp_stream_delay_seconds", "Time from a change that the process learns of until each event that it causes is sent."))
	m.RegisterGauge("sevenp_stream_watches", "Different responses that open streams wait for: each is computed once.",
		func() float64 { return float64(hub.Stats().Watches) })
	for name, counter := range map[string]struct {
		help string
		read func(live.Stats) uint64
	}{
		"executions": {"Executions of subscriptions and live queries after a change.", func(s live.Stats) uint64 { return s.Executions }},
		"events":     {"Responses that were sent to streams.", func(s live.Stats) uint64 { return s.Events }},
		"silences":   {"Executions and events that brought a client nothing new.", func(s live.Stats) uint64 { return s.Silences }},
		"rejected":   {"Streams that were rejected because of a limit.", func(s live.Stats) uint64 { return s.Rejected }},
		"dropped":    {"Streams whose client did not read.", func(s live.Stats) uint64 { return s.Dropped }},
		"ended":      {"Streams that ended with their session or their account.", func(s live.Stats) uint64 { return s.Ended }},
	} {
		m.RegisterCounter("sevenp_stream_"+name+"_total", counter.help, func() float64 { return float64(counter.read(hub.Stats())) })
	}
	for _, resumed := range []live.Resumed{live.NotResumed, live.ResumedUnchanged, live.ResumedChanged, live.ResumedAfterGap} {
		label := string(resumed)
		if resumed == live.NotResumed {
			label = "new"
		}
		m.RegisterCounter("sevenp_stream_starts_total", "Streams by how they continue what the client had.",
			func() float64 { return float64(hub.Stats().Resumes[resumed]) }, "resumed", label)
	}
}
