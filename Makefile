.PHONY: soak load alerts bench chaos chaos-replica check-deploy release bench-cache bench-compare bench-evictions bench-fleet bench-hits bench-hostile bench-live bench-locks bench-overload bench-peers bench-search bench-writes freshness fuzz interleavings lease-model mutants pgbouncer test bench-starts bench-web second-visit journey
test: ## Runs all checks: lint, generated code, Go tests, a browser (about 15 minutes).
	./scripts/test

alerts: ## Checks the alert rules and runs their unit tests, with promtool (Debian's package prometheus).
	promtool check rules deploy/prometheus/7p-alerts.yml
	promtool test rules deploy/prometheus/7p-alerts-test.yml

fuzz: ## Runs each fuzz target 20,000 times (about 10 minutes).
	./scripts/fuzz

soak: ## Runs the random tests of concurrent writes, cached responses and privacy with all of their operations (about 10 minutes).
	SOAK=1 go run ./internal/testdb/cluster -- go test -race ./internal/gql ./resolvers -run '^Test(NoStaleResponse|NoStaleResponseInProcess|StaleResponsesAreFound|NoForeignByte|DeferredPartsMergeToTheWhole|ConcurrentWrites)$$' -count=1 -timeout 60m -v

mutants: ## Changes the code in small ways and checks that tests notice (1 to 2 hours).
	go run ./internal/testdb/cluster -- go run ./scripts/mutants $(MUTANTS_ARGS)

chaos-replica: ## Writes and reads 10,000 times while a replica is paused, stopped, killed and promoted (about 4 minutes).
	REPLICA_PAIRS=$(or $(PAIRS),10000) go run ./internal/testdb/cluster -- go test ./internal/e2e -run '^TestReplicaFreshness$$' -count=1 -timeout 60m -v

pgbouncer: ## Runs the tests that use the database through PgBouncer in transaction mode (about 5 minutes).
	./scripts/pgbouncer

SCALES ?= small,medium,large

bench: ## Measures the server beside a handler without GraphQL (about 9 minutes).
	go run ./bench $(BENCH_ARGS)

bench-writes: ## Measures enroll and recordVideoProgress beside pgbench (about 6 minutes).
	go run ./bench -writes $(BENCH_ARGS)

bench-cache: ## Measures cache hits beside a handler that writes the same responses from a map (about 12 minutes).
	go run ./bench -cache $(BENCH_ARGS)

bench-peers: ## Measures the server beside Mercurius, PostGraphile and GraphQL Yoga, with npm (about 14 minutes).
	go run ./bench -peers $(BENCH_ARGS)

bench-hostile: ## Measures what hostile callers can do to the server, and fails if a goal is not met (about 2 minutes).
	go run ./bench -hostile $(BENCH_ARGS)

chaos: ## Breaks what surrounds running servers, and checks what clients see (some minutes).
	./scripts/chaos

check-deploy: ## Parses the files of deploy/ with the parsers of Docker, Kubernetes, Terraform, nginx and systemd (5 minutes at first).
	cd deploy/check && go test ./...

release: ## Builds static programs into dist/, with checksums and the lists of their modules.
	./scripts/release

freshness: ## Compares 1,000,000 reads with acknowledged writes while servers and Redis break, and checks that broken builds fail (about 25 minutes).
	./scripts/freshness

interleavings: ## Watches 10,000 writes while servers and Redis break, and checks that a broken build fails (about 5 minutes).
	./scripts/interleavings

lease-model: ## Explores larger bounds of the model of read leases (minutes, and several GB of memory).
	LEASE_MODEL=1 go test ./internal/invalidation/leasemodel -run TestNoStaleHit -count=1 -v -timeout 60m

bench-live: ## Measures subscriptions and live queries (about 10 minutes).
	go run ./bench -live $(BENCH_ARGS)

load: ## Measures two servers behind nginx, with PgBouncer, a replica and Redis, under an open load (about 18 minutes).
	go run ./bench -fleet -scales $(SCALES) $(BENCH_ARGS)

bench-fleet: ## Measures eight servers over one PostgreSQL and one Redis, also while one stops or dies (about 4 minutes).
	go run ./bench -instances $(BENCH_ARGS)

bench-hits: ## Measures what each part of the work around a cache hit costs (about 4 minutes).
	go run ./bench -hits $(BENCH_ARGS)

bench-locks: ## Measures how long requests lock a course, and fails if a goal is not met (about 2 minutes).
	go run ./bench -locks $(BENCH_ARGS)

bench-overload: ## Measures the server at up to three times its capacity, and fails if a goal is not met (about 4 minutes).
	go run ./bench -overload $(BENCH_ARGS)

bench-search: ## Measures searches and suggestions with 50,000 courses, beside the revisions BASE (about 15 minutes).
	go run ./bench -search $(if $(BASE),-base $(BASE)) $(BENCH_ARGS)

bench-starts: ## Measures starts of the server, also those of the revision BASE (about 4 minutes).
	go run ./bench -starts $(if $(BASE),-base $(BASE)) $(BENCH_ARGS)

bench-web: ## Measures the pages in Chromium with slow networks and a slow processor (about 9 minutes).
	./scripts/bench-web

second-visit: ## Checks in Chromium what a visitor of the previous release loads after a small change of the app (some minutes).
	./scripts/second-visit

journey: ## Lets three visitors use the pages for 10 minutes; fails if something is rejected or stale (MINUTES=10).
	./scripts/journey

bench-evictions: ## Checks that lock-outs survive a Redis that evicts them (about 2 minutes).
	go run ./bench -evictions $(BENCH_ARGS)

bench-compare: ## Compares the server with that of the revision BASE, by default main (about 8 minutes).
	go run ./bench -base $(or $(BASE),main) $(BENCH_ARGS)
