package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// coverBase is the address of the server in the URLs of covers, until RebaseCovers replaces it.
const coverBase = "http://localhost:8080"

// RebaseCovers makes the URLs of covers begin with the address of the server that serves them.
func RebaseCovers(ctx context.Context, pool *pgxpool.Pool, base string) error {
	_, err := pool.Exec(ctx, `-- name: DemoRebaseCovers
		UPDATE courses c SET thumbnail_url = u.url
		FROM (SELECT id, $1 || substring(thumbnail_url FROM '/covers/cover-[0-9]+-[0-9]+[.][0-9a-f]+[.]webp$') AS url FROM courses) u
		WHERE u.id = c.id AND u.url <> c.thumbnail_url`, base)
	if err != nil {
		return fmt.Errorf("demo: set the URLs of covers: %w", err)
	}
	return nil
}
