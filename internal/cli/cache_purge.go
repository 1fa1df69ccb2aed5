package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/invalidation"
)

type cachePurgeCommand struct {
	Tags []string `name:"tag" sep:"none" xor:"what" required:"" help:"Invalidate the responses that depend on this tag, e.g. course:12. May be repeated."`
	All  bool     `xor:"what" required:"" help:"Invalidate all responses."`
}

// Run invalidates the responses that depend on tags, or all of them. It needs no list of the
// servers: each finds the invalidation in the database.
func (p *cachePurgeCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return p.purgeCache(ctx, db) })
}

func (p *cachePurgeCommand) purgeCache(ctx context.Context, db *app.Database) error {
	tags, err := p.parseTags()
	if err == nil {
		err = db.InvalidateTags(ctx, tags)
	}
	if err != nil {
		return fmt.Errorf("nothing was purged: %w", err)
	}
	purged := "all responses"
	if !p.All {
		names := make([]string, len(tags))
		for i, tag := range tags {
			names[i] = tag.String()
		}
		purged = "the responses that depend on " + strings.Join(names, ", ")
	}
	fmt.Printf("Purged %s: servers poll every %s, and after %s none returns what it cached before.\n", purged, invalidation.PollInterval, invalidation.Lease)
	return nil
}

func (p *cachePurgeCommand) parseTags() (tags []edu.Tag, err error) {
	if p.All {
		return []edu.Tag{edu.TagEverything.WithID(0)}, nil
	}
	for _, name := range p.Tags {
		tag, err := parseTagArgument(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

// parseTagArgument parses a tag. Its ID is that of the database or the one that clients see.
func parseTagArgument(name string) (edu.Tag, error) {
	kind, rest, _ := strings.Cut(name, ":")
	global, _, _ := strings.Cut(rest, ".")
	if id, err := edu.ParseID(global); err == nil && strings.EqualFold(kind, string(id.Kind)) {
		name = fmt.Sprintf("%s:%d%s", kind, id.Key, strings.TrimPrefix(rest, global))
	}
	return edu.ParseTag(name)
}
