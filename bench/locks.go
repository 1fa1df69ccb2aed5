package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/embedpg"
)

const (
	otherWriters   = 1  // connections that enroll in other courses meanwhile
	blockedClients = 16 // that write to a course that another program locks
	storingClients = 8  // that store responses under keys until they are rejected
	// controlHold is the length of locks by another program, which show what the machine and the probe add.
	controlHold = 75 * time.Millisecond
	// attackPause separates the requests of a load, so that each lock is released visibly.
	attackPause = 40 * time.Millisecond
)

// lockBenchmark measures how long one request locks a course, and what others notice.
type lockBenchmark struct {
	*benchmark
	pool     *pgxpool.Pool
	server   *contender
	duration time.Duration // of a load

	course, second, teacher int64   // the locked course, another one, and the instructor of the first
	students, strangers     []int64 // enrolled in the course; in neither course
	others                  []encodedRequest
	lastEnrollment          int64
	sent                    atomic.Int64 // time of the latest request, in microseconds
}

// lockedLoad is one load and its figures.
type lockedLoad struct {
	title    string
	outcomes map[string]int
	holds    []time.Duration // in ascending order
	others   sample          // enrollments in other courses
	failure  error           // the first enrollment that failed
}

// benchmarkLocks measures on a copy of the database, and returns the report.
func benchmarkLocks(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBenchmark(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	l := &lockBenchmark{benchmark: b, duration: 6 * time.Second}
	if o.quick {
		l.duration = 2 * time.Second
	}
	if l.pool, err = pgxpool.New(ctx, dsn); err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer l.pool.Close()
	if err := l.planLoads(ctx); err != nil {
		return "", fmt.Errorf("plan the requests: %w", err)
	}
	r := &lockResults{duration: l.duration}
	if r.machine, err = readMachine(ctx, l.pool); err != nil {
		return "", err
	}
	if l.server, err = b.launchServer(ctx); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, l.server.stopProcess()) }()
	if err := l.measureAll(ctx, r); err != nil {
		return "", err
	}
	return r.renderMarkdown(), nil
}

// planLoads chooses the courses and the accounts, and plans enrollments in other courses.
func (l *lockBenchmark) planLoads(ctx context.Context) error {
	courses, err := queryColumn[int64](ctx, l.pool, `SELECT c.id FROM courses c JOIN users u ON u.id = c.instructor_id
		WHERE c.published AND u.active ORDER BY c.enrollment_count DESC, c.id LIMIT 2`)
	if err != nil {
		return err
	}
	l.course, l.second = courses[0], courses[1]
	err = l.pool.QueryRow(ctx, "SELECT instructor_id, (SELECT max(id) FROM enrollments) FROM courses WHERE id = $1", l.course).Scan(&l.teacher, &l.lastEnrollment)
	if err != nil {
		return err
	}
	const listStudents = "SELECT u.id FROM users u WHERE u.active AND u.role = 'student' AND %s EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id AND e.course_id IN (%d, %d)) ORDER BY u.id LIMIT 5000"
	if l.students, err = queryColumn[int64](ctx, l.pool, fmt.Sprintf(listStudents, "", l.course, l.course)); err != nil {
		return err
	}
	if l.strangers, err = queryColumn[int64](ctx, l.pool, fmt.Sprintf(listStudents, "NOT", l.course, l.second)); err != nil {
		return err
	}
	w := writeWorkloads[0]
	w.planRequests = func(p *writePlanner) ([]request, error) {
		p.published = slices.DeleteFunc(p.published, func(id int64) bool { return id == l.course || id == l.second })
		return p.planSpreadEnrolls()
	}
	plan, err := planWrites(ctx, l.pool, w)
	if err != nil {
		return err
	}
	l.others, err = l.encodeWrites(plan)
	return err
}

// measureAll measures each load, and then the bytes that one account can store.
func (l *lockBenchmark) measureAll(ctx context.Context, r *lockResults) (err error) {
	for _, a := range lockAttacks {
		printStatus("%s", a.title)
		load, err := l.measureLoad(ctx, a)
		if err != nil {
			return fmt.Errorf("%s: %w", a.title, err)
		}
		r.loads = append(r.loads, load)
	}
	printStatus("responses under keys of one account")
	r.storing, r.storedBytes, err = l.measureStoredBytes(ctx)
	return err
}

// measureLoad runs a load and enrolls in other courses meanwhile.
func (l *lockBenchmark) measureLoad(ctx context.Context, a lockAttack) (load lockedLoad, err error) {
	if err := undoRound(ctx, l.pool, writeWorkloads[0], l.lastEnrollment); err != nil {
		return load, err
	}
	if a.foreignLock != nil {
		release, err := l.lockCourse(ctx, a.foreignLock(l))
		if err != nil {
			return load, err
		}
		defer func() { err = errors.Join(err, release()) }()
	}
	load = lockedLoad{title: a.title, outcomes: map[string]int{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := time.Now().Add(l.duration)
	var attackers sync.WaitGroup
	group := errgroup.Group{}
	var mu sync.Mutex
	for client := range a.clients {
		attackers.Add(1)
		group.Go(func() error {
			defer attackers.Done()
			for n := client; time.Now().Before(end); n += a.clients {
				outcome, err := l.sendKeyed(ctx, a, n)
				if err != nil {
					return err
				}
				mu.Lock()
				load.outcomes[outcome]++
				mu.Unlock()
			}
			return nil
		})
	}
	if a.probed {
		group.Go(func() (err error) {
			load.holds, err = l.probeRow(ctx, waitDone(&attackers))
			return err
		})
	}
	group.Go(func() error {
		profile := loadProfile{connections: otherWriters, duration: l.duration}
		load.others, load.failure = profile.applyLoad(ctx, l.server.addr, l.others, func() (cpuTimes, error) { return cpuTimes{}, nil })
		return nil
	})
	return load, group.Wait()
}

// waitDone returns a channel that is closed when a group is done.
func waitDone(group *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	return done
}

// sendKeyed sends the n-th request of a load with a key of its own, and returns its outcome. The load
// without requests locks the course by another program.
func (l *lockBenchmark) sendKeyed(ctx context.Context, a lockAttack, n int) (string, error) {
	l.sent.Store(time.Now().UnixMicro())
	if a.newPost == nil {
		return "rolled back", errors.Join(l.holdCourse(ctx), sleepContext(ctx, attackPause))
	}
	viewer, p := a.newPost(l, n)
	p, err := p.asViewer(l.tokens, viewer, rand.Text())
	if err != nil {
		return "", err
	}
	reply, err := p.sendTo(ctx, l.server.addr)
	if err != nil {
		return "", err
	}
	return reply.describeOutcome(), sleepContext(ctx, attackPause)
}

// holdCourse locks the course for controlHold, within the database.
func (l *lockBenchmark) holdCourse(ctx context.Context) error {
	sql := fmt.Sprintf("BEGIN; SELECT FROM courses WHERE id = %d FOR UPDATE; SELECT pg_sleep(%f); ROLLBACK", l.course, controlHold.Seconds())
	_, err := l.pool.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	return err
}

// lockCourse locks a course as another program would, until release is called.
func (l *lockBenchmark) lockCourse(ctx context.Context, course int64) (release func() error, err error) {
	tx, err := l.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	release = func() error { return tx.Rollback(context.WithoutCancel(ctx)) }
	if _, err := tx.Exec(ctx, "SELECT FROM courses WHERE id = $1 FOR UPDATE", course); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// measureStoredBytes stores responses of nearly the largest size under keys of one account until all
// clients are rejected, and returns the outcomes and the bytes that are stored then.
func (l *lockBenchmark) measureStoredBytes(ctx context.Context) (outcomes map[string]int, bytes int64, err error) {
	a := storingAttack
	outcomes = map[string]int{}
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	for range storingClients {
		group.Go(func() error {
			for range maxStoringAttempts {
				outcome, err := l.sendKeyed(groupCtx, a, 0)
				if err != nil {
					return err
				}
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
				if outcome == "RATE_LIMITED" {
					return nil
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	err = l.pool.QueryRow(ctx, "SELECT coalesce(sum(bytes), 0) FROM idempotent_answers WHERE owner = $1", l.students[storingStudent]).Scan(&bytes)
	return outcomes, bytes, err
}

// probeRow locks the row of a course for a moment again and again, until done, and returns how long it
// was locked by others, in ascending order. Once a probe finds it locked, the next one waits for it. A
// hold lasts from the last probe that found the row free, or from the sending of the request if that was
// later, to the end of that wait. It includes one pause of the probe.
func (l *lockBenchmark) probeRow(ctx context.Context, done <-chan struct{}) (holds []time.Duration, err error) {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	h := &holdMeter{}
	for {
		wait := "SKIP LOCKED"
		if h.locked {
			wait = ""
		}
		p, err := probeOnce(ctx, conn.Conn(), l.course, wait)
		if err != nil {
			return nil, fmt.Errorf("probe the row: %w", err)
		}
		if h.addProbe(p, time.UnixMicro(l.sent.Load())); h.locked {
			continue
		}
		select {
		case <-done:
			slices.Sort(h.holds)
			return h.holds, nil
		case <-time.After(time.Millisecond):
		}
	}
}

// rowProbe is one attempt to lock a row, with the times before and after it.
type rowProbe struct {
	before, after time.Time
	free          bool
}

// probeOnce tries to lock the row of a course, and releases it at once. The lock conflicts with those of
// writes and is released by a rollback, which does not wait for the disk.
func probeOnce(ctx context.Context, conn *pgx.Conn, course int64, wait string) (p rowProbe, err error) {
	sql := fmt.Sprintf("BEGIN; SELECT clock_timestamp()::text; SELECT id FROM courses WHERE id = %d FOR SHARE %s; SELECT clock_timestamp()::text; ROLLBACK", course, wait)
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return p, err
	}
	const layout = "2006-01-02 15:04:05.999999-07"
	if p.before, err = time.Parse(layout, string(results[1].Rows[0][0])); err != nil {
		return p, err
	}
	p.after, err = time.Parse(layout, string(results[3].Rows[0][0]))
	p.free = len(results[2].Rows) > 0
	return p, err
}

// holdMeter turns probes into the times for which the row was locked.
type holdMeter struct {
	holds    []time.Duration
	lastFree time.Time // when a probe found the row free last
	locked   bool      // found since
	start    time.Time // of the hold in progress
}

// addProbe adds a probe. No hold began before the latest request was sent.
func (h *holdMeter) addProbe(p rowProbe, sent time.Time) {
	switch {
	case !p.free:
		h.locked, h.start = true, h.lastFree
		if sent.After(h.start) {
			h.start = sent
		}
		return
	case h.locked:
		h.holds = append(h.holds, p.after.Sub(h.start))
		h.lastFree = p.after // the row was locked before the wait
	default:
		h.lastFree = p.before
	}
	h.locked = false
}
