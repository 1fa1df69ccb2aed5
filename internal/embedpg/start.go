//go:build linux || darwin

package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func startServer(ctx context.Context, o Options) (_ *Server, err error) {
	dir, err := makeRootDir(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && o.Ephemeral {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	s := &Server{dir: dir, database: o.Database}
	if s.sockets, err = socketDir(dir); err != nil {
		return nil, err
	}
	unlock, err := acquireFileLock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()

	running, err := detectRunning(ctx, s)
	if err != nil {
		return nil, err
	}
	if running {
		o.Progress("using the PostgreSQL that another program runs in %s; it ends with that program", dir)
	} else if err := startCluster(ctx, o, s); err != nil {
		return nil, err
	}
	if err := ensureDatabase(ctx, s); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// startCluster creates the cluster if there is none and starts PostgreSQL on it.
func startCluster(ctx context.Context, o Options, s *Server) error {
	began := time.Now()
	bin, err := findBinaries(ctx, o, filepath.Join(s.dir, "data"))
	if err != nil {
		return err
	}
	account, err := chooseIdentity(ctx, s.dir, bin)
	if err != nil {
		return err
	}
	if err := account.makeOwnedDir(s.sockets); err != nil {
		return err
	}
	if err := ensureCluster(ctx, o, s, bin, account); err != nil {
		return err
	}
	if err := runPostgres(ctx, o, s, bin, account); err != nil {
		return err
	}
	o.Progress("PostgreSQL %d is ready after %d ms: psql '%s'", bin.major, time.Since(began).Milliseconds(), s.DSN())
	return nil
}

// detectRunning reports whether PostgreSQL runs in this directory. It waits for a PostgreSQL that is
// shutting down because its owner was killed: it rejects connections and blocks a new one in the
// directory.
func detectRunning(ctx context.Context, s *Server) (bool, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(10 * time.Second)
	for {
		if pingServer(ctx, s) == nil {
			return true, nil
		}
		if !postmasterAlive(s.dir) {
			return false, nil
		}
		select {
		case <-tick.C:
		case <-timeout: // postgres itself will report the cause
			return false, nil
		case <-ctx.Done():
			return false, fmt.Errorf("waiting for the PostgreSQL in %s: %w", s.dir, context.Cause(ctx))
		}
	}
}

// pingServer returns nil if PostgreSQL replies, even if it only reports that it has no connection left.
func pingServer(ctx context.Context, s *Server) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSNFor("postgres"))
	const cannotConnectNow = "57P03" // starting up, recovering or shutting down
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code != cannotConnectNow {
		return nil
	}
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// ensureDatabase creates the database if it is missing. The caller holds the lock, so no other program
// creates it concurrently.
func ensureDatabase(ctx context.Context, s *Server) error {
	conn, err := pgx.Connect(ctx, s.DSNFor("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to the embedded PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.database).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{s.database}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("creating the database %q: %w", s.database, err)
	}
	return nil
}
