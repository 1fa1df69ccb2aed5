// Package app is the running server: the parts it consists of and its life, from opening them
// to draining its last requests. The commands of package cli use some of the parts.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/7p-education/api/internal/cdn"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/outbox"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/internal/tracing"
)

// healthTimeout is how long a readiness check may take.
const healthTimeout = 2 * time.Second

// Server is a server whose parts are open.
type Server struct {
	services
	config  *config.Config
	log     *slog.Logger
	level   *slog.LevelVar // of log
	handler http.Handler
	api     *gql.Server
	inputs  inputs
	closers []func() error // run by Close, the last one first
}

// services are the parts that serve requests.
type services struct {
	db             *Database
	authentication *authentication
	documents      *documentSync
	jobs           *jobStates
	mails          *outbox.Sender // nil if none are sent
	cdn            *cdn.Worker    // nil without a CDN
	publicURL      string
	media          mediaServer
	shared         *sharedState
	responseCache  *responseCache
	responseMemory *memory.Pool
	admission      *admission.Limiter // nil if queries are not limited
	streams        *live.Hub          // nil if none are offered
	connections    *middleware.ConnectionLimit
	health         *middleware.Health
	accessLog      *middleware.AccessLog // nil if requests are not logged
	metrics        *telemetry.Metrics
	tracer         *tracing.Tracer // nil without traces
}

// Serve runs the server until the context ends, and then drains and closes it.
func Serve(ctx context.Context, c *config.Config) (err error) {
	defer tuneCollector(c)()
	s, err := newServer(c, os.Stdout)
	if err != nil {
		return err
	}
	go releaseIdleMemory(ctx)
	go feedWatchdog(context.WithoutCancel(ctx), s.log)
	listener, err := openListener(c.Addr)
	if err != nil {
		return err
	}
	s.publicURL = publicURL(c, listener.Addr().String())
	starting := &middleware.StartingHandler{}
	srv := newHTTPServer(starting, s.log, productionTimeouts)
	srv.Protocols = protocols(c)
	if srv.TLSConfig, err = openTLS(ctx, c, s.log); err != nil {
		return errors.Join(err, listener.Close())
	}
	closeAdmin, err := s.serveAdmin(starting)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer closeAdmin()
	ended := s.acceptRequests(srv, listener)
	s.log.Info("starting", "addr", listener.Addr().String())
	notifySystemd(s.log, daemon.SdNotifyReady+"\nSTATUS=starting")
	if err := s.open(ctx); err != nil {
		_ = srv.Close()
		if ctx.Err() != nil {
			return nil // it was stopped before it had started
		}
		return err
	}
	defer func() { err = errors.Join(err, srv.Close(), s.Close()) }()
	starting.SetHandler(s.handler)
	s.startBackground(ctx)
	printBanner(c, listener.Addr(), s.db)
	s.log.Info("listening", "addr", listener.Addr().String())
	notifySystemd(s.log, "STATUS=serving requests")
	if err := s.awaitEnd(ctx, ended); err != nil {
		return err
	}
	s.health.StartDraining()
	notifySystemd(s.log, daemon.SdNotifyStopping)
	return drainRequests(c, s.log, srv, s.endStreams)
}

// Open checks the settings, opens the parts of a server and builds its routes. Logs and the access
// log are written to output. The context ends what the parts do in the background.
func Open(ctx context.Context, c *config.Config, output io.Writer) (*Server, error) {
	s, err := newServer(c, output)
	if err == nil {
		err = s.open(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// newServer checks the settings.
func newServer(c *config.Config, output io.Writer) (*Server, error) {
	in, mistakes := readInputs(c)
	if err := errors.Join(c.Check(), mistakes); err != nil {
		return nil, err
	}
	s := &Server{config: c, inputs: in}
	s.log, s.level = newLogger(c, output)
	for _, m := range config.FindMisspellings(os.Environ()) {
		s.log.Warn("environment variable is not read: its name resembles that of a setting", "variable", m.Variable, "setting", m.Setting)
	}
	s.responseMemory = memory.NewPool(c.ResponseMemoryMiB << 20)
	s.publicURL = publicURL(c, c.Addr)
	s.connections = middleware.NewConnectionLimit(c.MaxConnectionsPerAddress, c.TrustedProxies, s.log)
	s.accessLog, s.metrics = newAccessLog(c, output), telemetry.New(c.MetricsClients...)
	return s, nil
}

// open opens the parts and builds the routes. After an error it closes the parts that were open.
func (s *Server) open(ctx context.Context) error {
	err := s.openParts(ctx)
	if err == nil {
		s.handler, s.api, err = buildRoutes(s.config, s.log, &s.services)
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

// openParts opens one part after the other, each after the ones it uses.
func (s *Server) openParts(ctx context.Context) (err error) {
	c, log := s.config, s.log
	if s.tracer, err = openTracer(ctx, c, log); err != nil {
		return err
	}
	if s.tracer != nil {
		s.onClose(func() error { s.tracer.Close(); return nil })
	}
	if s.shared, err = openSharedState(c, log); err != nil {
		return err
	}
	s.onClose(s.shared.closeStore)
	s.responseCache = openResponseCache(c, log, s.shared.redis, false)
	if s.db, err = s.awaitDatabase(ctx); err != nil {
		return err
	}
	s.onClose(s.db.Close)
	s.admission = openAdmission(c, s.db)
	s.jobs = &jobStates{store: s.db.Store, jobs: jobs.ServerJobs(s.db.Store, c.ProgressRetentionMonths)}
	s.media = openMedia(c, s.publicURL, s.db.isDemo())
	if s.db.isDemo() {
		if err := demo.RebaseCovers(ctx, s.db.PrimaryPool(), s.publicURL); err != nil {
			return err
		}
	}
	s.shared.separateKeys(s.db)
	subscriptions, unsubscribe := context.WithCancel(ctx)
	s.onClose(func() error { unsubscribe(); return nil })
	if s.authentication, err = openAuthentication(subscriptions, c, log, s.db, s.shared.redis); err != nil {
		return err
	}
	s.onClose(func() error { s.authentication.Accounts.Close(); return nil })
	s.health = middleware.NewHealth(log, healthTimeout, slices.Concat(s.shared.readinessChecks(), s.db.readinessChecks(), s.authentication.readinessChecks())...)
	s.streams = openStreams(c, &s.services)
	s.authentication.receiveRevocations(subscriptions, s.db)
	s.onClose(s.responseCache.stopAndClose)
	manifest := s.inputs.manifest
	if s.db.isDemo() {
		manifest = append(slices.Clip(manifest), playgroundSessionDocuments()...)
	}
	if s.mails, err = openMails(c, log, s.db, s.publicURL); err != nil {
		return err
	}
	if s.cdn, err = openCDN(ctx, c, log, s.db.Store); err != nil {
		return err
	}
	s.documents = openDocuments(ctx, log, s.db.Store, manifest)
	s.onClose(s.documents.flushOnClose)
	s.documents.own, err = frontEndDocuments(c)
	return err
}

func (s *Server) onClose(release func() error) { s.closers = append(s.closers, release) }

// Close stops the work in the background and closes the parts, each before the ones it uses.
func (s *Server) Close() error {
	var failures []error
	for _, release := range slices.Backward(s.closers) {
		failures = append(failures, release())
	}
	return errors.Join(failures...)
}

// startBackground starts the jobs, the polling of the invalidation log and the warming of the
// response cache. The context ends jobs and warming; Close ends all three. Invalidation outlives
// the context, because a draining server still serves from the response cache.
func (s *Server) startBackground(ctx context.Context) {
	background, stop := context.WithCancel(ctx)
	migrated := s.db.migrationsApplied(background)
	list := append(jobs.Exclusive(s.db.Store, s.log, s.jobs.jobs), s.jobs.job())
	jobsDone := jobs.StartPeriodic(background, s.log, migrated, slices.Concat(list, s.documents.backgroundJobs(), mailJobs(s.mails)))
	s.responseCache.startInvalidation(context.WithoutCancel(ctx), s.db.Store, migrated)
	if cached := s.responseCache.cache; cached != nil {
		go limitHeapGrowth(background, func() uint64 { return cached.Stats().Bytes })
	}
	s.responseCache.warmInBackground(background, s.log, s.api, s.inputs.warmOperations)
	purging := s.startPurging(background, migrated)
	s.onClose(func() error {
		stop()
		<-jobsDone
		<-purging
		return nil
	})
}

// acceptRequests serves in the background. The channel has the error with which that ends.
func (s *Server) acceptRequests(srv *http.Server, listener net.Listener) <-chan error {
	ended := make(chan error, 1)
	go func() {
		limited := s.connections.Limit(middleware.LimitSlowReaders(listener, productionTimeouts.write))
		if srv.TLSConfig != nil {
			ended <- srv.ServeTLS(limited, "", "")
			return
		}
		ended <- srv.Serve(limited)
	}()
	return ended
}

// awaitEnd returns when the context ends. It returns an error if the HTTP server or the private PostgreSQL ends
// earlier.
func (s *Server) awaitEnd(ctx context.Context, serverEnded <-chan error) error {
	select {
	case err := <-serverEnded:
		return err
	case <-s.db.embeddedExited():
		return fmt.Errorf("the private PostgreSQL has exited: see its log, %s", s.db.embedded.LogFile())
	case <-ctx.Done():
		return nil
	}
}
