package store_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// identify polls the database and returns its identity.
func identify(t *testing.T, s *store.Store) store.Identity {
	t.Helper()
	snapshot, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Database
}

// identifyAgain polls until the poll succeeds: connections of a former server fail first.
func identifyAgain(t *testing.T, s *store.Store) store.Identity {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		snapshot, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
		if err == nil {
			return snapshot.Database
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// expectIdentity reports an error unless two identities are the same in what a text names: origin, history,
// both or neither.
func expectIdentity(t *testing.T, when string, before, after store.Identity, same string) {
	t.Helper()
	got := map[[2]bool]string{{true, true}: "both", {true, false}: "origin", {false, true}: "history", {}: "neither"}[[2]bool{
		before.Origin == after.Origin, before.History == after.History,
	}]
	if got != same {
		t.Errorf("%s: %s the same, want %s\n%+v\n%+v", when, got, same, before, after)
	}
}

// The same database has one identity for all, and each way to replace its rows changes it.
func TestIdentityOfRestores(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	s, db := setup(t, dsn)
	exec(t, db, "INSERT INTO users (name, email) VALUES ('a', 'a@b.example')")
	dump := filepath.Join(t.TempDir(), "dump")
	testdb.RunProgram(t, dsn, "pg_dump", "--dbname="+dsn, "--format=custom", "--file="+dump)

	before := identify(t, s)
	exec(t, db, "UPDATE users SET name = name || 'x'")
	exec(t, db, "VACUUM (ANALYZE) users, changes")
	expectIdentity(t, "after a write", before, identify(t, s), "both")
	expectIdentity(t, "another store", before, identify(t, open(t, store.Config{URL: dsn, MaxConns: 2})), "both")
	expectIdentity(t, "a copy of the template", before, identify(t, open(t, store.Config{URL: testdb.New(t), MaxConns: 2})), "history")

	testdb.RunProgram(t, dsn, "pg_restore", "--dbname="+dsn, "--data-only", "--disable-triggers", "--table=course_words", dump)
	expectIdentity(t, "rows restored with disabled triggers of another table", before, identify(t, s), "origin")
	before = identify(t, s)
	exec(t, db, "ALTER TABLE users DISABLE TRIGGER ALL")
	disabled := identify(t, s)
	expectIdentity(t, "disabled triggers", before, disabled, "origin")
	exec(t, db, "ALTER TABLE users ENABLE TRIGGER ALL")
	enabled := identify(t, s)
	expectIdentity(t, "enabled triggers", disabled, enabled, "origin")
	expectIdentity(t, "triggers disabled and enabled", before, enabled, "origin")

	before = identify(t, s)
	testdb.RestoreInPlace(t, dsn, dump)
	expectIdentity(t, "pg_restore --clean", before, identifyAgain(t, s), "origin")

	before = identify(t, s)
	exec(t, db, "UPDATE database_identity SET id = gen_random_uuid()")
	expectIdentity(t, "another id", before, identify(t, s), "history")

	config := db.Config().ConnConfig
	admin := testdb.OpenPool(t, strings.Replace(dsn, config.Database, "postgres", 1))
	before = identify(t, s)
	exec(t, admin, "DROP DATABASE "+config.Database+" WITH (FORCE)")
	exec(t, admin, "CREATE DATABASE "+config.Database)
	testdb.RunProgram(t, dsn, "pg_restore", "--dbname="+dsn, dump)
	expectIdentity(t, "a database of the same name", before, identifyAgain(t, s), "neither")
}

// A crash, a promoted standby and a point-in-time restore begin a new history of the same database. A
// standby has no identity that a poll accepts, and a new connection is enough to notice the other server.
func TestIdentityOfCopies(t *testing.T) {
	t.Parallel()
	primary := testdb.StartCluster(t)
	db := testdb.OpenPool(t, primary.DSN())
	if _, err := migrations.ApplyPending(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	proxy := testdb.StartProxy(t, primary.DSN())
	s := open(t, store.Config{URL: proxy.DSN(), MaxConns: 2})
	before := identify(t, s)

	exec(t, db, "CHECKPOINT") // commits of tests do not wait for the WAL, and a crash would revert the last migration
	crash(t, db)
	crashed := identifyAgain(t, s)
	expectIdentity(t, "after a crash", before, crashed, "origin")

	point := func() {
		exec(t, db, "SELECT pg_create_restore_point('here')")
		exec(t, db, "INSERT INTO users (name, email) VALUES ('a', 'a@b.example')")
		exec(t, db, "SELECT pg_switch_wal()")
	}
	standby := testdb.CopyCluster(t, primary, "", nil)
	restored := testdb.CopyCluster(t, primary, "here", point)
	proxy.SwitchTo(t, standby.DSN())
	for err := s.ReadIdentity(t.Context()); err != nil; err = s.ReadIdentity(t.Context()) {
		continue // connections to the former server are closed
	}
	if _, _, err := s.ChangesSince(t.Context(), store.Snapshot{}); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("a poll of a standby: %v", err)
	}
	exec(t, testdb.OpenPool(t, standby.DSN()), "SELECT pg_promote()")
	promoted := identifyAgain(t, s)
	expectIdentity(t, "a promoted standby", crashed, promoted, "origin")

	proxy.SwitchTo(t, restored.DSN())
	for err := s.ReadIdentity(t.Context()); err != nil; err = s.ReadIdentity(t.Context()) {
		continue // connections to the former server are closed
	}
	found, _ := s.CurrentIdentity()
	expectIdentity(t, "restored to a point in time", promoted, found, "origin")
	expectIdentity(t, "restored to a point in time", crashed, found, "origin")
	if n := value[int](t, testdb.OpenPool(t, restored.DSN()), "SELECT count(*) FROM users"); n != 0 {
		t.Errorf("%d rows after the restore point", n)
	}
}

// crash kills a process of the server, after which PostgreSQL recovers without restarting.
func crash(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var pid int
	if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for db.Ping(t.Context()) == nil {
		continue // until the server has noticed
	}
	for db.Ping(t.Context()) != nil {
		continue // until it has recovered
	}
}

// An ordinary role can identify the database, also where a provider forbids the functions of system
// identifier and timeline.
func TestIdentityNeedsNoPrivilege(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	role := "plain_" + strings.ToLower(db.Config().ConnConfig.Database)
	exec(t, db, "CREATE ROLE "+role)
	t.Cleanup(func() {
		_, _ = db.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role+"; DROP ROLE "+role)
	})
	exec(t, db, "GRANT SELECT ON database_identity, changes TO "+role)
	for _, forbid := range []string{"", "; REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) FROM PUBLIC"} {
		tx, do := begin(t, db)
		do("SELECT 1" + forbid)
		do("SET LOCAL ROLE " + role)
		var origin, history string
		if err := tx.QueryRow(t.Context(), "SELECT origin, history FROM identify_database()").Scan(&origin, &history); err != nil {
			t.Fatal(err)
		}
		if hidden := strings.HasPrefix(origin, "-/") && strings.HasPrefix(history, "-/"); hidden != (forbid != "") {
			t.Errorf("%q: %s, %s", forbid, origin, history)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A snapshot of another history is not used: all stored changes are read, and none is deleted.
func TestSnapshotOfAnotherHistory(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 2})
	r := &changeReader{s: s}
	all := len(r.next(t))
	former := r.at
	if n := len(r.next(t)); n != 0 || all == 0 {
		t.Fatalf("%d changes at first, and then %d", all, n)
	}
	exec(t, db, "ALTER TABLE users DISABLE TRIGGER written_truncate; ALTER TABLE users ENABLE TRIGGER written_truncate")
	if n, err := s.DeleteChanges(t.Context(), former); n != 0 || err != nil {
		t.Errorf("deleted %d changes of another history: %v", n, err)
	}
	if n := len(r.next(t)); n != all {
		t.Errorf("read %d changes of another history, want %d", n, all)
	}
}
