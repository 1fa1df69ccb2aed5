package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
	"github.com/7p-education/api/internal/testdb/standby"
)

// fleet is two servers behind nginx, with a primary behind PgBouncer, a streaming replica and a Redis.
type fleet struct {
	*benchmark
	dsn      string // of the primary, without PgBouncer
	database *embedpg.Server
	replica  *standby.Standby
	pooler   *pgbouncer.Server
	redis    *redisServer
	servers  []*contender
	proxy    *nginxServer
	mixer    *requestMixer
	spent    int // writes of the mixer that were sent
	stop     []func() error
}

const (
	// fleetSize is the number of servers.
	fleetSize = 2
	// poolerBackends are the connections of PgBouncer to the primary.
	poolerBackends = 16
)

// startFleet starts what the servers depend on, with a copy of the database.
func startFleet(ctx context.Context, database *embedpg.Server) (_ *fleet, err error) {
	printStatus("copying the database")
	f, err := startCopy(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.stopAll())
		}
	}()
	printStatus("copying the primary to a replica")
	owner := &replicaOwner{ctx: ctx}
	f.stop = append(f.stop, owner.endAll)
	if f.replica, err = owner.startReplica(f.dsn); err != nil {
		return nil, err
	}
	if f.pooler, err = pgbouncer.Start(ctx, f.dsn, fmt.Sprint("default_pool_size = ", poolerBackends), "max_client_conn = 500"); err != nil {
		return nil, err
	}
	f.stop = append(f.stop, f.pooler.Stop)
	if err := os.Chmod(f.dir, 0o755); err != nil {
		return nil, err
	}
	if f.redis, err = startRedis(ctx, f.dir); err != nil {
		return nil, err
	}
	f.stop = append(f.stop, f.redis.killProcess)
	return f, nil
}

func (f *fleet) removeFiles() error { return os.RemoveAll(f.dir) }

// stopAll stops everything in the reverse order of the starts.
func (f *fleet) stopAll() error {
	errs := []error{f.stopServers()}
	for _, stop := range slices.Backward(f.stop) {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

// startServers starts the servers and nginx. Each server has one processor, and as many database connections as
// PgBouncer has for it. Its limits take the address of a caller from X-Forwarded-For; without the response cache, where
// each response counts, no caller reaches them.
func (f *fleet) startServers(ctx context.Context, responseCache string) (err error) {
	through, err := f.pooler.Through(f.dsn)
	if err != nil {
		return err
	}
	printStatus("starting the servers with RESPONSE_CACHE=%s", responseCache)
	limits := []string{"RATE_LIMIT=100/15m"}
	if responseCache == "off" {
		limits = []string{"RATE_LIMIT=1000000/15m", "RATE_LIMIT_COST=off"}
	}
	var addrs []string
	for range fleetSize {
		server, err := f.launchServer(ctx, append(limits, "DATABASE_URL="+through, "DIRECT_DATABASE_URL="+f.dsn, "READ_REPLICA_URL="+f.replica.DSN,
			"REDIS_URL="+f.redis.socketURL(), "RESPONSE_CACHE="+responseCache, "TRUSTED_PROXIES=127.0.0.0/8",
			"GOMAXPROCS=1", fmt.Sprintf("DATABASE_MAX_CONNS=%d", poolerBackends/fleetSize))...)
		if err != nil {
			return err
		}
		f.servers = append(f.servers, server)
		addrs = append(addrs, server.addr)
	}
	f.proxy, err = startNginx(ctx, f.dir, addrs)
	return err
}

// stopServers stops nginx and the servers.
func (f *fleet) stopServers() error {
	var errs []error
	if f.proxy != nil {
		errs = append(errs, f.proxy.stopProcess())
	}
	for _, s := range f.servers {
		errs = append(errs, s.stopProcess())
	}
	f.proxy, f.servers = nil, nil
	return errors.Join(errs...)
}

// planLoad plans the requests with a server of its own, because later pages need cursors.
func (f *fleet) planLoad(ctx context.Context, writes int) (err error) {
	printStatus("planning requests")
	pool, err := pgxpool.New(ctx, f.dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	server, err := f.launchServer(ctx, "DATABASE_URL="+f.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	plans, err := planRequests(ctx, pool, func(_ context.Context, r request) ([]byte, error) {
		response, _, err := fetchOnce(server, r, f.tokens)
		return response, err
	})
	if err != nil {
		return err
	}
	if f.mixer, err = f.newRequestMixer(ctx, pool, plans, writes); err != nil {
		return err
	}
	return f.mixer.addFleetTraits(plans)
}

// replicaOwner has a replica of package standby belong to this program. Package standby calls only the
// methods that are defined here.
type replicaOwner struct {
	testing.TB
	ctx  context.Context
	ends []func()
}

// replicaError is the panic with which Fatal does not return.
type replicaError struct{ text string }

func (o *replicaOwner) Context() context.Context { return o.ctx }
func (o *replicaOwner) Cleanup(end func())       { o.ends = append(o.ends, end) }
func (o *replicaOwner) Helper()                  {}
func (o *replicaOwner) Fatal(args ...any)        { panic(replicaError{fmt.Sprint(args...)}) }
func (o *replicaOwner) Fatalf(format string, args ...any) {
	panic(replicaError{fmt.Sprintf(format, args...)})
}

// startReplica starts a replica of the server of a DSN.
func (o *replicaOwner) startReplica(dsn string) (s *standby.Standby, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			reported, ok := failure.(replicaError)
			if !ok {
				panic(failure)
			}
			err = fmt.Errorf("start the replica: %s", reported.text)
		}
	}()
	s = standby.Start(o, dsn)
	s.AwaitReplay(o)
	return s, nil
}

// endAll ends the replica.
func (o *replicaOwner) endAll() error {
	for _, end := range slices.Backward(o.ends) {
		end()
	}
	return nil
}
