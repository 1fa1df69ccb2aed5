package e2e

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// streamEvent is an event of Server-Sent Events.
type streamEvent struct{ name, id, data string }

// streamRequest opens a stream of a server.
type streamRequest struct {
	base, query, lastEventID string
	headers                  []string
}

// read opens the stream and calls receive with each event, until the stream or the context ends.
func (s streamRequest) read(ctx context.Context, receive func(streamEvent)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/graphql", strings.NewReader(fmt.Sprintf(`{"query":%q}`, s.query)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	if s.lastEventID != "" {
		r.Header.Set("Last-Event-ID", s.lastEventID)
	}
	for _, line := range s.headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	var e streamEvent
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data, _, _ = strings.Cut(value, `,"extensions"`)
		case "":
			if e.data != "" {
				receive(e)
			}
			e = streamEvent{}
		}
	}
	return lines.Err()
}

// streamReader reads one stream from one server after the other, as a client that connects again.
type streamReader struct {
	query  string
	mu     sync.Mutex
	last   streamEvent
	events int
	twice  []string // events whose data was that of the event before
}

// follow reads until the context ends. Each connection goes to another server.
func (s *streamReader) follow(ctx context.Context, bases func() string, headers ...string) {
	for ctx.Err() == nil {
		s.mu.Lock()
		id := s.last.id
		s.mu.Unlock()
		connection, cancel := context.WithTimeout(ctx, 200*time.Millisecond+rand.N(3*time.Second))
		_ = streamRequest{bases(), s.query, id, headers}.read(connection, func(e streamEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if e.name != "next" || e.id == "" { // an error of a server without its database
				return
			}
			if s.events++; e.data == s.last.data {
				s.twice = append(s.twice, e.data)
			}
			s.last = e
		})
		cancel()
		time.Sleep(rand.N(50 * time.Millisecond))
	}
}

func (s *streamReader) data() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.data
}

// Streams over two servers and one Redis end with the state of the database, and no event is sent twice, while
// the servers, the Redis and the connections break, and writes come by the API and by plain SQL.
func TestStreamsSurviveOutages(t *testing.T) {
	t.Parallel()
	dsn, redis := testdb.NewWithDemo(t), redistest.StartServer(t)
	db := testdb.OpenPool(t, dsn)
	env := []string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redis.URL(), "MAX_STREAMS_PER_CALLER=1000", "SHUTDOWN_TIMEOUT=4s"}
	var servers [2]atomic.Pointer[program]
	for i := range servers {
		servers[i].Store(serve7p(t, env...))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	readers := make([]*streamReader, 24)
	for i := range readers {
		id := globalID(int64(1 + i%3))
		readers[i] = &streamReader{query: [...]string{
			`subscription { courseUpdated(id: "` + id + `") { title } }`,
			`query Q @live { course(id: "` + id + `") { title slug } }`,
		}[i%2]}
		reading.Go(func() {
			readers[i].follow(ctx, func() string { return servers[rand.IntN(2)].Load().base })
		})
	}
	writer := startTitles(ctx, db)
	for _, event := range []func(){
		func() {},
		func() { servers[0].Load().signal(t, syscall.SIGKILL); servers[0].Store(serve7p(t, env...)) },
		redis.Kill, redis.Restart, redis.Pause, redis.Resume,
		func() { servers[1].Load().signal(t, syscall.SIGTERM); servers[1].Store(serve7p(t, env...)) }, // a rolling restart
		func() {},
	} {
		event()
		time.Sleep(1500 * time.Millisecond)
	}
	writer.stop()
	for i, reader := range readers {
		want := queryTitle(t, db, int64(1+i%3))
		servers[0].Load().poll(t, "the last title of a stream", func() bool { return strings.Contains(reader.data(), want) })
		if len(reader.twice) > 0 {
			t.Errorf("stream %d: %d of %d events were sent twice, such as %s", i, len(reader.twice), reader.events, reader.twice[0])
		}
	}
	cancel()
	reading.Wait()
	total := 0
	for _, reader := range readers {
		total += reader.events
	}
	t.Logf("%d titles written, %d events received by %d streams", writer.written.Load(), total, len(readers))
	if total < len(readers)*10 {
		t.Errorf("only %d events", total)
	}
}

func globalID(course int64) string { return edu.ID{Kind: edu.KindCourse, Key: course}.String() }

func queryTitle(t *testing.T, db *pgxpool.Pool, course int64) (title string) {
	t.Helper()
	if err := db.QueryRow(t.Context(), "SELECT title FROM courses WHERE id = $1", course).Scan(&title); err != nil {
		t.Fatal(err)
	}
	return title
}

// titleWriter gives courses new titles by plain SQL.
type titleWriter struct {
	written atomic.Int64
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func startTitles(ctx context.Context, db *pgxpool.Pool) *titleWriter {
	w := &titleWriter{}
	ctx, w.cancel = context.WithCancel(ctx)
	w.done.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			if _, err := db.Exec(ctx, "UPDATE courses SET title = $2 WHERE id = $1", 1+n%3, fmt.Sprintf("Title %d.", n)); err == nil {
				w.written.Add(1)
			}
			time.Sleep(rand.N(40 * time.Millisecond))
		}
	})
	return w
}

func (w *titleWriter) stop() { w.cancel(); w.done.Wait() }

// A stream ends with the session of its token, at another server too, and within a second.
func TestStreamEndsWithSession(t *testing.T) {
	t.Parallel()
	dsn, redis := testdb.NewWithDemo(t), redistest.StartServer(t)
	db := testdb.OpenPool(t, dsn)
	env := []string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redis.URL()}
	a, b := serve7p(t, env...), serve7p(t, env...)
	for name, end := range map[string]func(tokenPair){
		"sign-out at another server": func(s tokenPair) { b.query(t, signOut, nil, s.bearer()) },
		"revokeSession at another server": func(tokenPair) {
			own, _ := b.startSession(t, signIn, map[string]string{"email": student, "password": demo.Password})
			list, _ := b.query(t, "{ viewer { sessions { id isCurrent } } }", nil, own.bearer()).At("viewer", "sessions").([]any)
			for _, s := range list {
				if gqltest.ValueAt(s, "isCurrent") == false {
					b.query(t, "mutation($id: ID!) { revokeSession(input: {id: $id}) { revokedSessionId } }", map[string]any{"id": gqltest.ValueAt(s, "id")}, own.bearer())
				}
			}
		},
		"changePassword at another server": func(tokenPair) {
			own, _ := b.startSession(t, signIn, map[string]string{"email": student, "password": demo.Password})
			b.query(t, "mutation($p: String!) { changePassword(input: {currentPassword: $p, newPassword: $p}) { revokedSessionsCount } }", map[string]any{"p": demo.Password}, own.bearer())
			if a := b.query(t, whoAmI, nil, own.bearer()); a.At("viewer", "email") != student {
				t.Errorf("the session that changed the password ended too: %+v", a)
			}
		},
		"another role": func(tokenPair) {
			updateRows(t, db, "UPDATE users SET role = 'instructor' WHERE email = $1", student)
		},
		"a deactivated account": func(tokenPair) {
			updateRows(t, db, "UPDATE users SET active = false WHERE email = $1", student)
		},
	} {
		updateRows(t, db, "UPDATE users SET role = 'student', active = true WHERE email = $1", student)
		session, _ := a.startSession(t, signIn, map[string]string{"email": student, "password": demo.Password})
		events, ended := make(chan streamEvent, 10), make(chan time.Time, 1)
		go func() {
			request := streamRequest{a.base, "subscription { dashboardUpdated { enrolledCoursesCount } }", "", []string{session.bearer()}}
			_ = request.read(t.Context(), func(e streamEvent) { events <- e })
			ended <- time.Now()
		}()
		if first := <-events; !strings.Contains(first.data, "enrolledCoursesCount") {
			t.Fatalf("%s: the first event is %+v", name, first)
		}
		began := time.Now()
		end(session)
		select {
		case at := <-ended:
			if took := at.Sub(began); took > 20*time.Second { // a second, on a quiet machine; the session itself is valid for longer
				t.Errorf("%s: the stream ended after %v", name, took)
			}
			if last := <-events; !strings.Contains(last.data, "session of this stream has ended") {
				t.Errorf("%s: the last event is %+v", name, last)
			}
		case <-time.After(patience):
			t.Errorf("%s: the stream goes on", name)
		}
	}
}

func updateRows(t *testing.T, db *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
