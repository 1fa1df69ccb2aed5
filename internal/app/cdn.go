package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cdn"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/store"
)

const (
	// cdnTransferTime is how long a CDN may take to receive a response after it was computed.
	cdnTransferTime = 5 * time.Second
	// cdnClaimInterval is how often a server tries to take over the purges.
	cdnClaimInterval = 5 * time.Second
)

// keysHeaders are the headers of surrogate keys of the CDNs, and what separates the keys.
var keysHeaders = map[string]struct{ header, separator string }{
	"varnish":    {"Xkey", " "},
	"fastly":     {"Surrogate-Key", " "},
	"cloudflare": {"Cache-Tag", ","},
	"cloudfront": {"Cache-Tag", ","},
}

// sharedCache describes the CDN, nil for none.
func sharedCache(c *config.Config) *transport.SharedCache {
	if c.CDN == "none" {
		return nil
	}
	return &transport.SharedCache{KeysHeader: keysHeaders[c.CDN].header, MaxAge: c.CDNMaxAge}
}

// surrogateKeys returns the function that names the surrogate keys of a response, nil without a CDN.
func surrogateKeys(c *config.Config) func([]edu.Tag) string {
	if c.CDN == "none" {
		return nil
	}
	separator := keysHeaders[c.CDN].separator
	return func(tags []edu.Tag) string { return strings.Join(cdn.Keys(tags), separator) }
}

// openCDN returns the worker that purges the CDN, nil without one.
func openCDN(ctx context.Context, c *config.Config, log *slog.Logger, db *store.Store) (*cdn.Worker, error) {
	client := &http.Client{} // the worker limits the time of each purge
	apiURL := ""
	if len(c.CDNURL) > 0 {
		apiURL = string(c.CDNURL[0])
	}
	var purger cdn.Purger
	switch c.CDN {
	case "varnish":
		varnish := cdn.Varnish{Client: client}
		for _, node := range c.CDNURL {
			varnish.Nodes = append(varnish.Nodes, string(node))
		}
		purger = varnish
	case "fastly":
		purger = cdn.Fastly{BaseURL: apiURL, Service: c.CDNID, Token: string(c.CDNToken), Client: client}
	case "cloudflare":
		purger = cdn.Cloudflare{BaseURL: apiURL, Zone: c.CDNID, Token: string(c.CDNToken), Client: client}
	case "cloudfront":
		var err error
		if purger, err = cdn.NewCloudFront(ctx, client, apiURL, c.CDNID); err != nil {
			return nil, nameSetting("CDN", err)
		}
	default:
		return nil, nil
	}
	return cdn.NewWorker(db, purger, c.OperationTimeout+cdnTransferTime, log), nil
}

// startPurging purges the CDN in the background if no other server does. The channel is closed when it has ended.
func (s *Server) startPurging(ctx context.Context, migrated <-chan struct{}) <-chan struct{} {
	ended := make(chan struct{})
	if s.cdn == nil {
		close(ended)
		return ended
	}
	go func() {
		defer close(ended)
		select {
		case <-migrated:
			jobs.Lead(ctx, s.db.Store, s.log, jobs.Job{Name: "cdn_purges", Interval: cdnClaimInterval, Run: func(ctx context.Context) ([]any, error) {
				s.cdn.Run(ctx)
				return nil, nil
			}})
		case <-ctx.Done():
		}
	}()
	return ended
}

func addCDNMetrics(m *telemetry.Metrics, w *cdn.Worker) {
	if w == nil {
		return
	}
	m.RegisterGauge("sevenp_cdn_purging", "1 on the server that purges the CDN.",
		func() float64 { return boolToFloat(w.Stats().Running) })
	m.RegisterCounter("sevenp_cdn_purges_total", "Purge requests that the CDN accepted.",
		func() float64 { return float64(w.Stats().Purges) })
	m.RegisterCounter("sevenp_cdn_purged_keys_total", "Surrogate keys in purge requests that the CDN accepted.",
		func() float64 { return float64(w.Stats().PurgedKeys) })
	m.RegisterCounter("sevenp_cdn_failed_purges_total", "Purge requests that failed and are repeated.",
		func() float64 { return float64(w.Stats().FailedPurges) })
	m.RegisterGauge("sevenp_cdn_pending_keys", "Surrogate keys that wait for a purge.",
		func() float64 { return float64(w.Stats().Pending) })
	m.RegisterGauge("sevenp_cdn_purge_delay_seconds", "How long the first of the waiting keys has waited.",
		func() float64 { return w.Stats().Delay.Seconds() })
}
