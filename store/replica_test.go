package store_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// link is a TCP proxy to a server, which can be cut.
type link struct {
	listener net.Listener
	to       func() (net.Conn, error)

	mu    sync.Mutex
	conns []net.Conn
}

// newLink opens a link to the server of a DSN, and returns the DSN of the link.
func newLink(t *testing.T, dsn string) (*link, string) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	if strings.HasPrefix(config.Host, "/") {
		network, address = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, to: func() (net.Conn, error) { return net.Dial(network, address) }}
	go l.serve()
	t.Cleanup(l.cut)
	port := listener.Addr().(*net.TCPAddr).Port
	return l, fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=disable", port, config.User, config.Password, config.Database)
}

// serve accepts connections and copies their bytes until the link is cut.
func (l *link) serve() {
	for {
		from, err := l.listener.Accept()
		if err != nil {
			return
		}
		to, err := l.to()
		if err != nil {
			_ = from.Close()
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, from, to)
		l.mu.Unlock()
		go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
	}
}

// cut closes the link and its connections.
func (l *link) cut() {
	_ = l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// Statement timeouts, an unreachable database and a read-only one are SERVICE_UNAVAILABLE. Errors that callers
// cannot act on have no code.
func TestDatabaseErrorCodes(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	s := open(t, store.Config{URL: dsn, MaxConns: 2, StatementTimeout: time.Second})
	db := testdb.OpenPool(t, dsn)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK categories IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	var r queryResult
	if err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r))); !errors.Is(err, edu.Unavailable) {
		t.Errorf("a statement that times out: %v, want SERVICE_UNAVAILABLE", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	readOnly := s.WriteInTx(t.Context(), func(tx *store.Tx) error {
		return tx.Commit(t.Context(), store.Statement("SET TRANSACTION READ ONLY"), store.Statement("UPDATE categories SET name = name"))
	})
	if !errors.Is(readOnly, edu.Unavailable) {
		t.Errorf("a write to a read-only database: %v, want SERVICE_UNAVAILABLE", readOnly)
	}
	exec(t, db, "ALTER TABLE categories RENAME TO gone")
	if err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r))); err == nil || errors.Is(err, edu.Unavailable) || errors.Is(err, edu.BadUserInput) {
		t.Errorf("an invalid statement: %v, want an error without a code", err)
	}
}

func TestPrimaryUnreachable(t *testing.T) {
	t.Parallel()
	link, dsn := newLink(t, testdb.NewWithDemo(t))
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	var r queryResult
	if err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r))); err != nil {
		t.Fatal(err)
	}
	link.cut()
	for i := range 2 {
		if err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r))); !errors.Is(err, edu.Unavailable) {
			t.Errorf("read %d: %v, want SERVICE_UNAVAILABLE", i, err)
		}
	}
}
