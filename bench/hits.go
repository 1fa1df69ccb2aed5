package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// hitPart is a part of the work around a cache hit, and how to switch it on.
type hitPart struct {
	title    string
	settings []string // of the server
	header   string   // of the requests, a line without its end
	signedIn bool     // the requests have a token
	redis    bool
}

// hitParts are measured each by itself, and the last ones together.
var hitParts = []hitPart{
	{title: "nothing else"},
	{title: "access log", settings: []string{"ACCESS_LOG=on"}},
	{title: "rate limits", settings: []string{"RATE_LIMIT=1000000/15m", "RATE_LIMIT_VIEWER=1000000/15m", "RATE_LIMIT_COST=9000000/15m"}},
	{title: "front end", settings: []string{"WEB=on"}},
	{title: "traces of 1 %", settings: []string{"TRACE_SAMPLE=0.01"}},
	{title: "compression", header: "Accept-Encoding: gzip, br"},
	{title: "token and account", signedIn: true},
	{title: "Redis", redis: true},
}

// maxPartsRatio is the goal of the CPU of a server for a hit with all parts, as a ratio to the map's.
const maxPartsRatio = 1.5

// hitLoad is a list of requests, of which each part has its own form.
type hitLoad struct {
	*cacheLoad
	forms [][]encodedRequest // by contender, the map first
}

// hitBenchmark measures the parts of a hit.
type hitBenchmark struct {
	*benchmark
	postgresPID int
	redis       *redisServer
	parts       []hitPart
	contenders  []*contender // the map, and a server for each part
}

// benchmarkHitParts measures what each part of the work around a cache hit costs, and returns the report.
func benchmarkHitParts(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	h := &hitBenchmark{benchmark: b, parts: allHitParts()}
	if h.postgresPID, err = postmasterPID(database); err != nil {
		return "", err
	}
	if h.redis, err = startRedis(ctx, b.dir); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.redis.killProcess()) }()
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	r := &hitResults{rounds: 7, roundLength: time.Second, parts: h.parts}
	if o.quick {
		r.rounds = 1
	}
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return "", err
	}
	r.machine.redis = h.redis.version
	defer func() {
		for _, c := range h.contenders {
			err = errors.Join(err, c.stopProcess())
		}
	}()
	loads, err := h.prepareParts(ctx, pool)
	if err != nil {
		return "", err
	}
	for _, l := range loads {
		printStatus("%s", l.title)
		cell, err := h.measureParts(ctx, l, r)
		if err != nil {
			return "", fmt.Errorf("%s: %w", l.title, err)
		}
		r.cells = append(r.cells, cell)
	}
	return r.renderMarkdown(), nil
}

// allHitParts returns the parts, and at the end all of them together without and with Redis.
func allHitParts() []hitPart {
	all := hitPart{title: "all of these"}
	for _, p := range hitParts {
		if p.redis {
			continue
		}
		all.settings = append(all.settings, p.settings...)
		all.header, all.signedIn = all.header+p.header, all.signedIn || p.signedIn
	}
	shared := all
	shared.title, shared.redis = "all of these, with Redis", true
	return append(slices.Clone(hitParts), all, shared)
}

// prepareParts starts the servers and the map, and returns the loads.
func (h *hitBenchmark) prepareParts(ctx context.Context, pool *pgxpool.Pool) (loads []*hitLoad, err error) {
	collector, err := startCollector()
	if err != nil {
		return nil, err
	}
	cold, err := h.launchServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cold.stopProcess()) }()
	var servers []*contender
	for _, p := range h.parts {
		settings := slices.Concat([]string{"RESPONSE_CACHE=on", "ACCESS_LOG=off", "WEB=off"}, p.settings)
		if slices.ContainsFunc(p.settings, func(s string) bool { return strings.HasPrefix(s, "TRACE_SAMPLE=") }) {
			settings = append(settings, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector)
		}
		if p.redis {
			settings = append(settings, "REDIS_URL="+h.redis.socketURL())
		}
		server, err := h.launchServer(ctx, settings...)
		if err != nil {
			return nil, err
		}
		server.name = p.title
		h.contenders, servers = append(h.contenders, server), append(servers, server)
	}
	return h.planParts(ctx, pool, cold, servers)
}

// planParts returns pages of courses of 2 kB, which all callers share, and dashboards.
func (h *hitBenchmark) planParts(ctx context.Context, pool *pgxpool.Pool, cold *contender, servers []*contender) (loads []*hitLoad, err error) {
	plans, all, err := h.planLoads(ctx, pool, cold, "", nil)
	if err != nil {
		return nil, err
	}
	var public, private *cacheLoad
	for _, l := range all {
		switch l.title {
		case "catalog of 2 kB":
			public = l
		case "dashboard":
			private = l
		}
	}
	viewers := plans["MyDashboard"]
	signedIn := &cacheLoad{title: public.title}
	for i, r := range public.requests {
		r.viewer = viewers[i].viewer
		signedIn.requests = append(signedIn.requests, r)
	}
	printStatus("requesting each response, cold and cached, and comparing them")
	responses, err := h.prepareHits(ctx, []*cacheLoad{public, signedIn, private}, cold, servers)
	if err != nil {
		return nil, err
	}
	h.contenders = slices.Insert(h.contenders, 0, responses)
	for _, l := range []struct{ anonymous, signedIn *cacheLoad }{{public, signedIn}, {private, private}} {
		load := &hitLoad{cacheLoad: l.anonymous, forms: [][]encodedRequest{l.anonymous.encodedRequests}}
		for _, p := range h.parts {
			form := l.anonymous
			if p.signedIn {
				form = l.signedIn
			}
			load.forms = append(load.forms, p.addHeader(form.encodedRequests))
		}
		loads = append(loads, load)
	}
	return loads, nil
}

// addHeader returns the requests with the header of a part.
func (p hitPart) addHeader(requests []encodedRequest) []encodedRequest {
	if p.header == "" {
		return requests
	}
	changed := slices.Clone(requests)
	for i, r := range changed {
		line, rest, _ := bytes.Cut(r.bytes, []byte("\r\n"))
		changed[i].bytes = slices.Concat(line, []byte("\r\n"+p.header+"\r\n"), rest)
		changed[i].encoded = true
	}
	return changed
}

// measureParts measures a load on each contender in turn.
func (h *hitBenchmark) measureParts(ctx context.Context, l *hitLoad, r *hitResults) (cell hitCell, err error) {
	profile := loadProfile{connections: peerConnections, warmup: 300 * time.Millisecond, duration: r.roundLength}
	cell.load = l
	cell.samples, err = measureInTurn(r.rounds, len(h.contenders), func(i int) (s sample, err error) {
		c := h.contenders[i]
		if err := refreshResponses(ctx, c.addr, l.forms[i]); err != nil {
			return s, fmt.Errorf("%s: %w", c.name, err)
		}
		redis := h.redis
		if i == 0 || !h.parts[i-1].redis {
			redis = nil
		}
		return profile.applyLoad(ctx, c.addr, l.forms[i], newCPUMeter(c, h.postgresPID, redis))
	})
	for i := range cell.samples {
		if i > 0 {
			warnOfMisses(h.contenders[i].name, cell.samples[i].counts[0])
		}
	}
	return cell, err
}

// startCollector starts a collector of traces that discards them, and returns its URL. It ends with this process.
func startCollector() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}
