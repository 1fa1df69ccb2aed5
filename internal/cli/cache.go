package cli

type cacheCommands struct {
	Purge cachePurgeCommand `cmd:"" help:"Invalidate cached responses, on all servers."`
	Stats cacheStatsCommand `cmd:"" help:"Show what the cache of a server does, and what is in Redis."`
	Warm  cacheWarmCommand  `cmd:"" help:"Execute a list of operations and store their responses in Redis, except those that are cached."`
}
