// Package demo fills an empty database with the data of a plausible education company: courses with
// syllabi, people from all over the world, and two years of their learning. It serves trials and
// measurements of the server. It never loads into a database that contains data.
//
// Every row is a pure function of Options.Seed and Options.Now. The data that several tables share is in
// dataset.go. A learner's whole history is generated again for each table that shows a part of it
// (history.go), so that memory grows by the ids of the courses only.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Version identifies the generated data. It changes whenever the same seed generates other rows.
const Version = "4"

// Password is the password of the three accounts student@7p.example, instructor@7p.example and
// admin@7p.example, whose ids are 1, 2 and 3. No other user has a password.
const Password = "correct horse battery"

// ErrNotEmpty is returned by Load if the database contains data.
var ErrNotEmpty = errors.New("the database contains data: load demo data into an empty one")

// Scale is the amount of data to generate.
type Scale string

// The scales, each about ten times the previous one. Courses, users and enrollments are exact:
//
//	        courses    users  enrollments   reviews  video_progress
//	small       200    2,000       20,000     6,000          40,000
//	medium    5,000   50,000      500,000   150,000       1,000,000
//	large    50,000  500,000    5,000,000 1,500,000      10,000,000
//
// On two cores they take 2 s, 26 s and 215 s.
const (
	Small  Scale = "small"
	Medium Scale = "medium"
	Large  Scale = "large"
)

type rowCounts struct{ courses, users, enrollments int }

var rowCountsByScale = map[Scale]rowCounts{
	Small:  {200, 2_000, 20_000},
	Medium: {5_000, 50_000, 500_000},
	Large:  {50_000, 500_000, 5_000_000},
}

// Options configures Load.
type Options struct {
	Scale Scale
	// Seed and Now determine every row.
	Seed uint64
	// Now is the end of all activity, to the second: videos are watched in the 90 days before it,
	// courses taken in the two years before it.
	Now time.Time
	// Progress is called before, while and after a table is filled; the analytics count as one row. Nil
	// means no reports.
	Progress func(table string, done, total int64)
}

// Load fills an empty, migrated database. All rows are committed at once, so a load that fails or is
// killed leaves nothing behind; meanwhile other connections wait for the tables. Its statements have no
// time limit, regardless of the pool's. If the database contains data, the error wraps ErrNotEmpty.
func Load(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	n, ok := rowCountsByScale[o.Scale]
	if !ok {
		return fmt.Errorf("demo: unknown scale %q: use small, medium or large", o.Scale)
	}
	if o.Now.IsZero() {
		return errors.New("demo: Now is not set")
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	ds := newDataset(n, o.Seed, o.Now)
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	// Close the connection instead of releasing it: the setting must not reach the pool.
	defer func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return ds.loadTables(ctx, tx, o.Progress) }); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	// VACUUM sets the visibility map, without which no scan is index-only. It cannot run in a transaction.
	if _, err := conn.Exec(ctx, "VACUUM (ANALYZE)"); err != nil {
		return fmt.Errorf("demo: the data is loaded, but vacuuming failed: %w", err)
	}
	return nil
}

// HasData reports whether the database contains a user, a course or a category.
func HasData(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	found, err := databaseHasData(ctx, pool)
	if err != nil {
		return false, fmt.Errorf("demo: %w", err)
	}
	return found, nil
}

func databaseHasData(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
},
) (found bool, err error) {
	err = db.QueryRow(ctx, `-- name: DemoAnyData
		SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM courses) OR EXISTS (SELECT FROM categories)`).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("check for data: %w", err)
	}
	return found, nil
}
