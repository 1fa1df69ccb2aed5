package config

// CacheCommands are the commands for answers that are kept.
type CacheCommands struct {
	Purge CachePurge `cmd:"" help:"Forget answers, on all servers."`
	Stats CacheStats `cmd:"" help:"Show what the cache of a server does, and what is in Redis."`
	Warm  CacheWarm  `cmd:"" help:"Make the answers to a list of operations and keep them in Redis, but for those that are there."`
}

// CachePurge is the command that forgets answers.
type CachePurge struct {
	Tags []string `name:"tag" sep:"none" xor:"what" required:"" help:"Forget what depends on it, e.g. course:12; may be given several times."`
	All  bool     `xor:"what" required:"" help:"Forget all of them."`
}

// CacheStats is the command that shows what the cache does.
type CacheStats struct {
	Server string `default:"http://localhost:8080" help:"Address of the server."`
}

// CacheWarm is the command that makes answers ahead.
type CacheWarm struct {
	Files []string `arg:"" help:"Documents (.graphql), requests as they are sent (.json, one or an array), or directories of them." type:"path"`
}
