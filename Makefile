.PHONY: bench
bench: ## Measure the server beside a handler without GraphQL (about 12 minutes).
	go run ./bench $(BENCH_ARGS)
