.PHONY: bench test
test: ## Everything that is tested: lint, generated code, Go tests, a browser, fuzzing (about 2 minutes).
	./scripts/test

bench: ## Measure the server beside a handler without GraphQL (about 12 minutes).
	go run ./bench $(BENCH_ARGS)
