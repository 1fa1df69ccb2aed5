.PHONY: bench bench-cache bench-writes test
test: ## Everything that is tested: lint, generated code, Go tests, a browser, fuzzing (about 10 minutes).
	./scripts/test

bench: ## Measure the server beside a handler without GraphQL (about 9 minutes).
	go run ./bench $(BENCH_ARGS)

bench-writes: ## Measure enroll and recordVideoProgress beside pgbench (about 6 minutes).
	go run ./bench -writes $(BENCH_ARGS)

bench-cache: ## Measure answers that are kept beside a handler that writes them from a map (about 12 minutes).
	go run ./bench -cache $(BENCH_ARGS)
