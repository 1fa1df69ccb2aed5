package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/embedpg"
)

const (
	liveStreams  = 8_000
	liveCourses  = 100 // of the streams of different courses
	liveChanges  = 20
	liveTimeout  = time.Minute
	liveQuery    = `{"query":"subscription($id: ID!) { courseUpdated(id: $id) { title enrollmentCount rating reviewCount } }","variables":{"id":"%s"}}`
	liveUpdate   = "UPDATE courses SET title = 'Title ' || $2::int || '.' WHERE id = $1"
	liveSettings = "MAX_STREAMS=100000 MAX_STREAMS_PER_CALLER=100000 MAX_STREAMS_PER_ADDRESS=100000 MAX_CONNECTIONS_PER_ADDRESS=100000 LIVE_MIN_INTERVAL=10ms"
)

// liveBenchmark measures streams of a server, on a copy of the database.
type liveBenchmark struct {
	*benchmark
	pool   *pgxpool.Pool
	server *contender
	ids    []string // of courses, as the API returns them
	keys   []int64
}

// benchmarkLive measures the memory of idle streams, and what a change costs that many of them receive.
func benchmarkLive(ctx context.Context, database *embedpg.Server, _ options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	l := &liveBenchmark{benchmark: b}
	if l.pool, err = pgxpool.New(ctx, dsn); err != nil {
		return "", fmt.Errorf("open the copy: %w", err)
	}
	defer l.pool.Close()
	if err := l.readCourses(ctx); err != nil {
		return "", err
	}
	m, err := readMachine(ctx, l.pool)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	writeHeader(&out, "Streams", "bench-live", "-live")
	fmt.Fprintf(&out, "%s\n", m)
	for _, s := range []struct {
		title   string
		measure func(context.Context) ([]hostileFigure, error)
	}{{"one course", l.measureOneCourse}, {"a hundred courses", l.measureCourses}} {
		printStatus("%s", s.title)
		if l.server, err = l.launchServer(ctx, append(strings.Fields(liveSettings), "DATABASE_URL="+dsn)...); err != nil {
			return "", err
		}
		figures, err := s.measure(ctx)
		if err := errors.Join(err, l.server.stopProcess()); err != nil {
			return "", fmt.Errorf("%s: %w", s.title, err)
		}
		writeFigures(&out, s.title, figures)
	}
	return out.String(), nil
}

// readCourses reads the courses that the streams watch.
func (l *liveBenchmark) readCourses(ctx context.Context) error {
	rows, err := l.pool.Query(ctx, "SELECT id, rtrim(translate(encode(convert_to('Course:' || id, 'UTF8'), 'base64'), '+/', '-_'), '=') FROM courses WHERE published ORDER BY id LIMIT $1", liveCourses)
	if err != nil {
		return err
	}
	for rows.Next() {
		var key int64
		var id string
		if err := rows.Scan(&key, &id); err != nil {
			return err
		}
		l.keys, l.ids = append(l.keys, key), append(l.ids, id)
	}
	return rows.Err()
}

// eventStream counts the events of one stream.
type eventStream struct{ events atomic.Int64 }

// openStreams opens streams, each of one of the courses, and returns once each has its first event.
func (l *liveBenchmark) openStreams(ctx context.Context, group *errgroup.Group, courses int) ([]*eventStream, error) {
	streams := make([]*eventStream, liveStreams)
	opening, openCtx := errgroup.WithContext(ctx)
	opening.SetLimit(64)
	for i := range streams {
		s := &eventStream{}
		streams[i] = s
		opening.Go(func() error {
			conn, err := (&net.Dialer{}).DialContext(openCtx, "tcp", l.server.addr)
			if err != nil {
				return err
			}
			body := fmt.Sprintf(liveQuery, l.ids[i%courses])
			_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			if err != nil {
				return err
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			group.Go(func() error { s.read(conn); return nil })
			return awaitCount(openCtx, func() bool { return s.events.Load() == 1 })
		})
	}
	return streams, opening.Wait()
}

// read counts events until the connection is closed.
func (s *eventStream) read(conn net.Conn) {
	lines := bufio.NewScanner(bufio.NewReaderSize(conn, 1<<10))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			s.events.Add(1)
		}
	}
}

func awaitCount(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	for !done() {
		if err := sleepContext(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("await events: %w", err)
		}
	}
	return nil
}

// changeCourse changes a title, and returns the time until all streams of the course have the event.
func (l *liveBenchmark) changeCourse(ctx context.Context, key int64, n int, streams []*eventStream) (time.Duration, error) {
	want := streams[0].events.Load() + 1
	if _, err := l.pool.Exec(ctx, liveUpdate, key, n); err != nil {
		return 0, err
	}
	committed := time.Now()
	for _, s := range streams {
		if err := awaitCount(ctx, func() bool { return s.events.Load() >= want }); err != nil {
			return 0, err
		}
	}
	return time.Since(committed), nil
}

// measureOneCourse measures streams with equal responses.
func (l *liveBenchmark) measureOneCourse(ctx context.Context) (figures []hostileFigure, err error) {
	idle, err := l.server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	group := &errgroup.Group{}
	defer func() { cancel(); err = errors.Join(err, group.Wait()) }()
	streams, err := l.openStreams(ctx, group, 1)
	if err != nil {
		return nil, err
	}
	peak, err := l.server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	before, err := readCPUTime(l.server.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	var fanOut []time.Duration
	for n := range liveChanges {
		took, err := l.changeCourse(ctx, l.keys[0], n, streams)
		if err != nil {
			return nil, err
		}
		fanOut = append(fanOut, took)
	}
	after, err := readCPUTime(l.server.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	slices.Sort(fanOut)
	perEvent := (after - before) / (liveStreams * liveChanges)
	perStream := float64(peak-idle) / liveStreams / 1000
	return []hostileFigure{
		{name: "streams", value: fmt.Sprint(liveStreams)},
		{name: "peak memory of the server for each stream, while they open", value: fmt.Sprintf("%.1f kB", perStream), goal: "≤ 2 kB", met: perStream <= 2},
		{name: "changes", value: fmt.Sprint(liveChanges)},
		{name: "time from the commit (plain SQL) to the last event, median", value: fmt.Sprintf("%.0f ms", milliseconds(fanOut[len(fanOut)/2]))},
		{name: "CPU of the server for each event", value: fmt.Sprintf("%.1f µs", float64(perEvent.Nanoseconds())/1000), goal: "≤ 10 µs", met: perEvent <= 10*time.Microsecond},
	}, nil
}

// measureCourses measures a change of one of many courses, which only its streams receive.
func (l *liveBenchmark) measureCourses(ctx context.Context) (figures []hostileFigure, err error) {
	ctx, cancel := context.WithCancel(ctx)
	group := &errgroup.Group{}
	defer func() { cancel(); err = errors.Join(err, group.Wait()) }()
	streams, err := l.openStreams(ctx, group, liveCourses)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for n := range liveChanges {
		course := n % liveCourses
		var own []*eventStream
		for i := course; i < len(streams); i += liveCourses {
			own = append(own, streams[i])
		}
		d, err := l.changeCourse(ctx, l.keys[course], n, own)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	var events int64
	for _, s := range streams {
		events += s.events.Load() - 1
	}
	want := int64(liveChanges * liveStreams / liveCourses)
	slices.Sort(took)
	return []hostileFigure{
		{name: "streams", value: fmt.Sprint(liveStreams)},
		{name: "changes, each of one course", value: fmt.Sprint(liveChanges)},
		{name: "events", value: fmt.Sprint(events), goal: fmt.Sprintf("= %d", want), met: events == want},
		{name: "time from the commit (plain SQL) to the last of 80 events, median", value: fmt.Sprintf("%.0f ms", milliseconds(took[len(took)/2]))},
	}, nil
}
