package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	attackingConnections = 3_000 // at a time, twelve times the default of MAX_CONNECTIONS_PER_ADDRESS
	headerBytes          = 31 << 10
	connectionsDuration  = 15 * time.Second
)

// largeHeader is the beginning of a request with many small header lines, which take more memory than one
// large line.
var largeHeader = func() string {
	var b strings.Builder
	b.WriteString("GET /graphql HTTP/1.1\r\nHost: x\r\n")
	for i := 0; b.Len() < headerBytes; i++ {
		b.WriteString("x" + strconv.FormatInt(int64(i), 36) + ":\r\n")
	}
	return b.String()
}()

// addressAttack is what the connections of one address do to a server, while a caller of another address sends
// requests.
type addressAttack struct {
	settings    []string // of the server
	duration    time.Duration
	connections int
	attack      func(ctx context.Context, addr string) // of one connection, until the context ends
}

// measure runs the attack, and returns the memory of the server and the latencies of the other address.
func (a addressAttack) measure(ctx context.Context, h *hostileBenchmark) (figures []hostileFigure, err error) {
	server, err := h.launchHostileServer(ctx, append(a.settings, "TRUSTED_PROXIES=127.0.0.2")...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	idle, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	printStatus("attacking for %s", a.duration)
	ctx, cancel := context.WithTimeout(ctx, a.duration)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for range a.connections {
		group.Go(func() error { a.attack(ctx, server.addr); return nil })
	}
	latencies, err := measureOtherAddress(ctx, "http://"+server.addr+"/healthz")
	if err := errors.Join(err, group.Wait()); err != nil {
		return nil, err
	}
	peak, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	if len(latencies) == 0 {
		return nil, errors.New("no request of another address was answered")
	}
	slices.Sort(latencies)
	p99 := latencies[len(latencies)*99/100]
	return []hostileFigure{
		{name: "peak memory of the server before", value: fmt.Sprintf("%.0f MiB", mebibytes(idle))},
		{name: "peak memory of the server", value: fmt.Sprintf("%.0f MiB", mebibytes(peak)), goal: "≤ 400 MiB", met: peak <= maxResidentBytes},
		{name: "requests of another address, each on a new connection", value: fmt.Sprint(len(latencies))},
		{name: "p99 of them", value: fmt.Sprintf("%.0f ms", milliseconds(p99)), goal: "< 200 ms", met: p99 < maxOrdinaryP99},
	}, nil
}

// measureConnections opens connections, each with a header that is almost as large as the server accepts and does
// not end.
func measureConnections(ctx context.Context, h *hostileBenchmark) ([]hostileFigure, error) {
	var rejected atomic.Int64
	figures, err := addressAttack{
		duration: connectionsDuration, connections: attackingConnections,
		attack: func(ctx context.Context, addr string) {
			for ctx.Err() == nil {
				if holdConnection(ctx, addr) {
					rejected.Add(1)
				}
			}
		},
	}.measure(ctx, h)
	return append(figures,
		hostileFigure{name: "connections at a time, of which the server accepts 250", value: fmt.Sprint(attackingConnections)},
		hostileFigure{name: "connections that were rejected", value: fmt.Sprint(rejected.Load()), goal: "> 0", met: rejected.Load() > 0},
	), err
}

// measureOtherAddress sends requests from 127.0.0.2, each on a new connection, and returns their latencies.
func measureOtherAddress(ctx context.Context, url string) (latencies []time.Duration, err error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	for sleepContext(ctx, ordinaryPause) == nil {
		start := time.Now()
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, fmt.Errorf("a caller of another address: %w", err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("a caller of another address: status %d", resp.StatusCode)
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies, nil
}

// holdConnection opens a connection, sends a header without an end, and waits until the server closes it. It
// reports whether the server rejected it at once.
func holdConnection(ctx context.Context, addr string) (rejected bool) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		_ = sleepContext(ctx, ordinaryPause)
		return false
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, _ = conn.Write([]byte(largeHeader))
	var status [12]byte
	n, _ := conn.Read(status[:])
	if rejected = string(status[:n]) == "HTTP/1.1 503"; rejected {
		_ = sleepContext(ctx, 40*ordinaryPause)
	}
	return rejected
}
