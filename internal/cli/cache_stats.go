package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/respcache"
)

const (
	// metricsTimeout is how long a server may take to tell its metrics.
	metricsTimeout = 10 * time.Second
	// countTimeout is how long counting the keys of a Redis may take.
	countTimeout         = time.Minute
	metricCacheLookups   = "sevenp_cache_lookups_total"
	metricCacheStaleHits = "sevenp_cache_stale_total"
	metricCacheEntries   = "sevenp_cache_entries"
	metricCacheBytes     = "sevenp_cache_bytes"
	// maxMetricsBytes is the most bytes of metrics that are read; ours are some 20 kB.
	maxMetricsBytes = 4 << 20
)

type cacheStatsCommand struct {
	Server string `default:"http://localhost:8080" help:"Address of the server."`
}

// Run prints what the cache of a server does, and what Redis has.
func (cmd *cacheStatsCommand) Run(ctx context.Context, c *config.Config) error {
	server := cmd.Server
	s, err := fetchCacheStats(ctx, server, c.MetricsToken)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	hits := s.MemoryHits + s.RedisHits
	fmt.Fprintf(out, "%s\t\n", server)
	fmt.Fprintf(out, "  hits\t%d\tnear %d, in Redis %d; %d of them stale\n", hits, s.MemoryHits, s.RedisHits, s.StaleHits)
	fmt.Fprintf(out, "  misses\t%d\t\n", s.Misses)
	fmt.Fprintf(out, "  unverified\t%d\tnot looked for, as changes could not be followed\n", s.Bypasses)
	rate := "–"
	if all := hits + s.Misses + s.Bypasses; all > 0 {
		rate = fmt.Sprintf("%.1f %%", 100*float64(hits)/float64(all))
	}
	fmt.Fprintf(out, "  hit rate\t%s\tof all these\n", rate)
	fmt.Fprintf(out, "  keys\t%d\tin this process\n", s.Entries)
	fmt.Fprintf(out, "  memory\t%s\t\n", formatBytes(s.Bytes))
	if c.RedisURL == "" {
		return out.Flush()
	}
	inRedis, err := readRedisStats(ctx, c.RedisURL)
	if err != nil {
		return errors.Join(out.Flush(), err)
	}
	fmt.Fprintf(out, "Redis\t\n  keys\t%d\tanswers of all servers\n  memory\t%s\tof all that is in it\n", inRedis.Entries, formatBytes(uint64(inRedis.MemoryBytes)))
	return out.Flush()
}

// formatBytes is a number of bytes for people.
func formatBytes(bytes uint64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func readRedisStats(ctx context.Context, url string) (respcache.RedisStats, error) {
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Deadline: countTimeout, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return respcache.RedisStats{}, fmt.Errorf("REDIS_URL: %w", err)
	}
	defer func() { _ = r.Close() }()
	stats, err := respcache.ReadRedisStats(ctx, r)
	if err != nil {
		return stats, fmt.Errorf("count the answers in Redis: %w", err)
	}
	return stats, nil
}

// fetchCacheStats reads them from the metrics of a server.
func fetchCacheStats(ctx context.Context, server, token string) (s respcache.Stats, err error) {
	ctx, cancel := context.WithTimeout(ctx, metricsTimeout)
	defer cancel()
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(server, "/")+"/metrics", http.NoBody)
	if err != nil {
		return s, fmt.Errorf("--server is no address, such as http://localhost:8080: %w", err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return s, fmt.Errorf("the server does not answer: is it there (--server)? %w", err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return s, fmt.Errorf("%s refused /metrics (404): set METRICS_TOKEN to the server's", server)
	case resp.StatusCode != http.StatusOK:
		return s, fmt.Errorf("%s answers %s where its metrics should be", server, resp.Status)
	}
	return parseCacheStats(io.LimitReader(resp.Body, maxMetricsBytes))
}

func parseCacheStats(text io.Reader) (s respcache.Stats, err error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return s, fmt.Errorf("what the server answers are no metrics: %w", err)
	}
	lookups := all[metricCacheLookups].GetMetric()
	if len(lookups) == 0 {
		return s, errors.New("the server keeps no answers: its CACHE is off, or it is of another version")
	}
	for _, m := range lookups {
		counters := map[string]*uint64{"near": &s.MemoryHits, "far": &s.RedisHits, "miss": &s.Misses, "unverified": &s.Bypasses}
		for _, l := range m.GetLabel() {
			if n := counters[l.GetValue()]; l.GetName() == "result" && n != nil {
				*n = uint64(m.GetCounter().GetValue())
			}
		}
	}
	s.StaleHits = uint64(firstMetric(all[metricCacheStaleHits]).GetCounter().GetValue())
	s.Entries = uint64(firstMetric(all[metricCacheEntries]).GetGauge().GetValue())
	s.Bytes = uint64(firstMetric(all[metricCacheBytes]).GetGauge().GetValue())
	return s, nil
}

func firstMetric(f *dto.MetricFamily) *dto.Metric {
	if len(f.GetMetric()) == 0 {
		return nil
	}
	return f.GetMetric()[0]
}
