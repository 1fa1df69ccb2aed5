package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/bench/catalogue"
	"github.com/7p-education/api/internal/embedpg"
)

// searchedCourses is the number of courses of the measurement of searches.
const searchedCourses = 50_000

// searchServer is the server of a revision, on a database of its own with the catalogue.
type searchServer struct {
	*contender
	revision string // "" for the working tree
}

// searchCell is a load on all servers.
type searchCell struct {
	searchLoad
	samples []*sample // by server; nil if the server lacks what the load selects
}

// searchResults are the figures of a run.
type searchResults struct {
	revisions []string
	rounds    int
	length    time.Duration
	cells     []searchCell
	machine   machine
}

// benchmarkSearch measures searches and suggestions of the revisions of o.base and of the working tree, in
// turn, and returns the report.
func benchmarkSearch(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	r := &searchResults{rounds: 3, length: 2 * time.Second}
	if o.quick {
		r.rounds, r.length = 1, 300*time.Millisecond
	}
	if o.base != "" {
		r.revisions = strings.Split(o.base, ",")
	}
	r.revisions = append(r.revisions, "")
	courses := catalogue.Generate(searchedCourses)
	var servers []searchServer
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stopProcess())
		}
	}()
	for i, revision := range r.revisions {
		s, err := b.launchSearchServer(ctx, database, fmt.Sprint("search_", i), revision, courses)
		if err != nil {
			return "", fmt.Errorf("server of %s: %w", revisionTitle(revision), err)
		}
		servers = append(servers, s)
	}
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return "", err
	}
	postmaster, err := postmasterPID(database)
	if err != nil {
		return "", err
	}
	for _, l := range planSearches(courses) {
		if o.operation != "" && o.operation != l.title {
			continue
		}
		cell, err := measureSearch(ctx, servers, l, r, postmaster)
		if err != nil {
			return "", fmt.Errorf("%s: %w", l.title, err)
		}
		r.cells = append(r.cells, cell)
	}
	return r.renderMarkdown(), nil
}

// revisionTitle returns the title of a revision in the report.
func revisionTitle(revision string) string {
	if revision == "" {
		return "now"
	}
	return revision
}

// launchSearchServer builds a revision, loads the catalogue into a new database with its schema, and starts
// its server there.
func (b *benchmark) launchSearchServer(ctx context.Context, database *embedpg.Server, name, revision string, courses []catalogue.Course) (s searchServer, err error) {
	binary := b.binaryPath("7p")
	if revision != "" {
		printStatus("building the server of %s", revision)
		binary = b.binaryPath("7p-" + name)
		if err := buildRevision(ctx, revision, filepath.Join(b.dir, name), binary); err != nil {
			return s, err
		}
	}
	printStatus("loading %d courses", len(courses))
	admin, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return s, err
	}
	defer admin.Close()
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return s, err
	}
	dsn := database.DSNFor(name)
	environment := append(slices.Clone(b.environment), "DATABASE_URL="+dsn)
	migrate := exec.CommandContext(ctx, binary, "migrate", "up")
	migrate.Env = append(os.Environ(), environment...)
	if out, err := migrate.CombinedOutput(); err != nil {
		return s, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return s, err
	}
	defer pool.Close()
	if err := catalogue.Load(ctx, pool, courses); err != nil {
		return s, err
	}
	s.revision = revision
	s.contender, err = launchContender(ctx, revisionTitle(revision), binary, os.DevNull, environment)
	return s, err
}

// measureSearch measures a load on each server that has what it selects.
func measureSearch(ctx context.Context, servers []searchServer, l searchLoad, r *searchResults, postmaster int) (searchCell, error) {
	printStatus("%s", l.title)
	cell := searchCell{l, make([]*sample, len(servers))}
	encoded := make([]encodedRequest, len(l.variables))
	for i, v := range l.variables {
		body, err := json.Marshal(map[string]any{"query": l.document, "variables": v})
		if err != nil {
			return cell, err
		}
		encoded[i].bytes = encodePost(body, "localhost", "")
	}
	var supported []int
	for i, s := range servers {
		reply, err := post{document: l.document, variables: l.variables[0]}.sendTo(ctx, s.addr)
		if err != nil {
			return cell, err
		}
		if err := checkResponse(reply.status, reply.body); err == nil {
			supported = append(supported, i)
		} else if i == len(servers)-1 || !bytes.Contains(reply.body, []byte("GRAPHQL_VALIDATION_FAILED")) {
			return cell, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	medians, err := measureInTurn(r.rounds, len(supported), func(i int) (sample, error) {
		s := servers[supported[i]]
		profile := loadProfile{connections: 1, warmup: r.length / 3, duration: r.length}
		return profile.applyLoad(ctx, s.addr, encoded, newCPUMeter(s.contender, postmaster, nil))
	})
	for i, n := range supported {
		if err == nil {
			cell.samples[n] = &medians[i]
		}
	}
	return cell, err
}
