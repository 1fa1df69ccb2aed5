package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/embedpg"
)

const (
	liveStreams  = 8_000
	liveCourses  = 100 // of the streams of different courses
	liveChanges  = 20
	liveTimeout  = time.Minute
	liveSettle   = 10 * time.Second // until memory is measured
	liveQuery    = `{"query":"subscription($id: ID!) { courseUpdated(id: $id) { title enrollmentCount rating reviewCount } }","variables":{"id":"%s"}}`
	liveUpdate   = "mutation($id: ID!, $title: String!) { updateCourse(input: {id: $id, title: $title}) { userErrors { code } } }"
	liveSettings = "MAX_STREAMS=100000 MAX_STREAMS_PER_CALLER=100000 MAX_STREAMS_PER_ADDRESS=100000 MAX_CONNECTIONS_PER_ADDRESS=100000 LIVE_MIN_INTERVAL=10ms"
	peerQuery    = `{"query":"subscription { course }"}`
)

// liveBenchmark measures streams of a server, on a copy of the database, and of other servers.
type liveBenchmark struct {
	*benchmark
	dsn     string
	courses []liveCourse
}

// liveCourse is a course that streams watch.
type liveCourse struct{ key, instructor int64 }

// liveTarget is a server with streams, which are the same for each of several topics.
type liveTarget struct {
	*contender
	topics []string // the bodies of the subscriptions
	// change changes what the streams of a topic show, and returns once that is committed.
	change func(ctx context.Context, topic, n int) error
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
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return "", fmt.Errorf("open the copy: %w", err)
	}
	defer pool.Close()
	l := &liveBenchmark{benchmark: b, dsn: dsn}
	if err := l.readCourses(ctx, pool); err != nil {
		return "", err
	}
	m, err := readMachine(ctx, pool)
	if err != nil {
		return "", err
	}
	rows, err := l.measureTargets(ctx)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	writeHeader(&out, "Streams", "bench-live", "-live")
	fmt.Fprintf(&out, "%s\n", m)
	writeLive(&out, rows)
	return out.String(), nil
}

// readCourses reads the courses that the streams watch.
func (l *liveBenchmark) readCourses(ctx context.Context, pool *pgxpool.Pool) error {
	rows, err := pool.Query(ctx, "SELECT id, instructor_id FROM courses WHERE published ORDER BY id LIMIT $1", liveCourses)
	if err != nil {
		return err
	}
	for rows.Next() {
		var c liveCourse
		if err := rows.Scan(&c.key, &c.instructor); err != nil {
			return err
		}
		l.courses = append(l.courses, c)
	}
	return rows.Err()
}

// launchTarget starts our server, whose streams watch some of the courses.
func (l *liveBenchmark) launchTarget(ctx context.Context, courses int) (*liveTarget, error) {
	server, err := l.launchServer(ctx, append(strings.Fields(liveSettings), "DATABASE_URL="+l.dsn)...)
	if err != nil {
		return nil, err
	}
	t := &liveTarget{contender: server}
	for _, c := range l.courses[:courses] {
		t.topics = append(t.topics, fmt.Sprintf(liveQuery, edu.NewID(edu.KindCourse, c.key)))
	}
	t.change = func(ctx context.Context, topic, n int) error {
		c := l.courses[topic]
		p := post{document: liveUpdate, variables: map[string]any{"id": fmt.Sprint(edu.NewID(edu.KindCourse, c.key)), "title": fmt.Sprintf("Title %d", time.Now().UnixNano())}}
		p, err := p.asViewer(l.tokens, edu.Viewer{ID: c.instructor, Role: edu.RoleInstructor}, fmt.Sprintf("live-%d-%d", time.Now().UnixNano(), n))
		if err != nil {
			return err
		}
		reply, err := p.sendTo(ctx, server.addr)
		if err == nil && !strings.Contains(string(reply.body), `"userErrors":[]`) {
			err = fmt.Errorf("change a course: %s", reply.body)
		}
		return err
	}
	return t, nil
}

// launchPeer starts a server of bench/peers, whose streams are all of one topic.
func (l *liveBenchmark) launchPeer(ctx context.Context, name string) (*liveTarget, error) {
	dir, binary := "bench/peers/"+name, l.binaryPath("peer-"+name)
	var err error
	if _, missing := os.Stat(dir + "/go.mod"); missing == nil {
		err = buildBinary(ctx, dir, ".", binary)
	} else if err = runProgram(ctx, "npm", "ci", "--prefix", dir, "--silent", "--no-audit", "--no-fund"); err == nil {
		err = writeNodeScript(dir+"/server.mjs", binary)
	}
	if err != nil {
		return nil, err
	}
	server, err := launchContender(ctx, name, binary, os.DevNull, []string{"NODE_ENV=production"})
	if err != nil {
		return nil, err
	}
	return &liveTarget{contender: server, topics: []string{peerQuery}, change: func(ctx context.Context, _, _ int) error {
		return runTick(ctx, server.addr)
	}}, nil
}

// writeNodeScript writes an executable that runs a script by Node.js.
func writeNodeScript(script, binary string) error {
	node, err := exec.LookPath("node")
	if err != nil {
		return err
	}
	if script, err = filepath.Abs(script); err != nil {
		return err
	}
	return os.WriteFile(binary, fmt.Appendf(nil, "#!/bin/sh\nexec %s %s\n", node, script), 0o700)
}
