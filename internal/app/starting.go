package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
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

// startingHandler serves requests with the handler of a server once it is set. Before, /healthz is 200, /readyz 503,
// and other requests get SERVICE_UNAVAILABLE.
type startingHandler struct {
	handler atomic.Pointer[http.Handler]
}

func (s *startingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := s.handler.Load()
	switch {
	case h != nil:
		(*h).ServeHTTP(w, r)
	case r.URL.Path == "/healthz":
		middleware.ServeStarting(w, http.StatusOK)
	case r.URL.Path == "/readyz":
		middleware.ServeStarting(w, http.StatusServiceUnavailable)
	default:
		w.Header().Set("Retry-After", "1")
		response.WriteError(w, http.StatusServiceUnavailable, string(edu.Unavailable), "the server is starting: try again", response.Extension{Name: "retryAfter", Value: 1})
	}
}

// awaitDatabase opens the database. One that cannot be reached is waited for, so that it may start after the server;
// a wrong password, or a database that does not exist, is an error.
func (s *Server) awaitDatabase(ctx context.Context) (*Database, error) {
	var logged time.Time
	for {
		db, err := openDatabase(ctx, s.config, s.responseCache.invalidation.Publish)
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
