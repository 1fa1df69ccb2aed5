package cli

type cacheCommands struct {
	Purge cachePurgeCommand `cmd:"" help:"Invalidate cached responses, on all servers."`
	Stats cacheStatsCommand `cmd:"" help:"Show how many responses are in Redis and how much memory it uses."`
	Warm  cacheWarmCommand  `cmd:"" help:"Execute operations whose responses are not cached, and store the responses in Redis."`
}
