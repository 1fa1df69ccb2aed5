//go:build linux

package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb/standby"
)

// skewClock restarts a PostgreSQL with a clock that differs from the machine's by an offset, such as "+1h".
func skewClock(t *testing.T, db *standby.Standby, offset string) {
	t.Helper()
	libraries, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(libraries) == 0 {
		t.Fatal("no libfaketime: install Debian's package libfaketime")
	}
	db.Kill(t)
	t.Setenv("FAKETIME", offset)
	t.Setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
	t.Setenv("LD_PRELOAD", libraries[0])
	db.Restart(t)
	t.Setenv("LD_PRELOAD", "")
}

// The clock of the database is an hour ahead of the server's, or behind it: sessions begin and continue, writes are
// seen at once, and responses are cached.
func TestChaosDatabaseClock(t *testing.T) {
	chaosTest(t)
	for _, offset := range []string{"+1h", "-1h"} {
		t.Run(offset, func(t *testing.T) {
			primary := startPrimary(t)
			skewClock(t, primary, offset)
			s := servePrimary(t, primary.DSN)
			checkClock(t, primary.DSN, offset)
			session, a := s.startSession(t, signIn, map[string]string{"email": student, "password": demo.Password})
			for range 2 {
				if session.access == "" {
					t.Fatalf("no session: %+v", a)
				}
				session, a = s.startSession(t, refresh, map[string]string{"refreshToken": session.refresh})
			}
			s.measure(t, whoAmI, session.bearer()).expect(t, "a session", expected{most: 500 * time.Millisecond})
			for range 10 {
				s.write(t).expect(t, "a write", expected{most: 500 * time.Millisecond})
				title := versionInTitle.FindString(s.measure(t, fmt.Sprintf("{ course(id: %q) { title } }", s.course)).Text())
				if written := fmt.Sprintf("Version %d", s.sent); title != written {
					t.Errorf("read %q, want %q", title, written)
				}
			}
			s.awaitUse(t, time.Second)
			s.awaitReadiness(t, time.Second, http.StatusOK, `"status":"ok"`)
		})
	}
}

// checkClock checks that the clock of a database differs from the machine's by an offset.
func checkClock(t *testing.T, dsn, offset string) {
	t.Helper()
	difference, err := time.ParseDuration(offset)
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, dsn, fmt.Sprintf(`DO $$ BEGIN
		IF abs(extract(epoch FROM clock_timestamp()) - %d) > 5 THEN RAISE 'the clock is %%', clock_timestamp(); END IF;
	END $$`, time.Now().Add(difference).Unix()))
}
