package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// LogEpoch is the epoch of an invalidation log that is registered in the database. The zero LogEpoch is that of a log
// without one.
type LogEpoch struct {
	Name       string
	Generation int64 // 1 for the first epoch of a log, and one more for each later one
}

// LogEpoch returns the registered epoch of a log.
func (s *Store) LogEpoch(ctx context.Context, log string) (e LogEpoch, err error) {
	rows, err := s.primary.Query(ctx, "-- name: LogEpoch\nSELECT epoch, generation FROM log_epochs WHERE log = $1", log)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&e.Name, &e.Generation}, func() error { return nil })
	}
	return e, convertError(err)
}

// RegisterLogEpoch registers the next epoch of a log. It reports false if former is not the registered one any more.
func (s *Store) RegisterLogEpoch(ctx context.Context, log, name string, former LogEpoch) (bool, error) {
	done, err := s.primary.Exec(ctx, `-- name: RegisterLogEpoch
		INSERT INTO log_epochs AS e (log, epoch, generation) VALUES ($1, $2, $3 + 1)
		ON CONFLICT (log) DO UPDATE SET epoch = excluded.epoch, generation = excluded.generation WHERE e.generation = $3`, log, name, former.Generation)
	return err == nil && done.RowsAffected() == 1, convertError(err)
}
