package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/7p-education/api/store"
)

const (
	// minDatabaseDelay and maxDatabaseDelay are the times between two attempts to reach the database at the start.
	// They are random, so that servers that start together do not all connect at once.
	minDatabaseDelay = 200 * time.Millisecond
	maxDatabaseDelay = time.Second
	// waitingLogInterval is the time between two lines of the log about a database that is away.
	waitingLogInterval = 10 * time.Second
)

// awaitDatabase opens the database. One that cannot be reached is waited for, so that it may start after the server;
// a wrong password, or a database that does not exist, is an error.
func (s *Server) awaitDatabase(ctx context.Context) (*Database, error) {
	var logged time.Time
	for {
		db, err := openDatabase(ctx, s.config, store.Config{
			PublishChanges: s.responseCache.invalidation.Publish, ChangeLog: s.responseCache.invalidation, Logger: s.log,
			ObserveRoundTrip: s.metrics.RecordRoundTrip,
		})
		if err == nil {
			if err = db.PrepareSchema(ctx); err == nil {
				return db, nil
			}
			err = errors.Join(err, db.Close())
		}
		if s.config.DatabaseURL == "" || !store.IsAway(err) || ctx.Err() != nil {
			return nil, err
		}
		if time.Since(logged) >= waitingLogInterval {
			logged = time.Now()
			s.log.Warn("waiting for the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(minDatabaseDelay + rand.N(maxDatabaseDelay-minDatabaseDelay)):
		}
	}
}
