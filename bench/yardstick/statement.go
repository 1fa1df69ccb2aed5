package main

import (
	"context"
	"embed"
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed sql/*.sql
var files embed.FS

// What the statements in the files have abbreviations for. No byte of an id can
// become one that base64 and base64url write differently.
var (
	globalID = regexp.MustCompile(`gid\('(\w+)', ([\w.]+)\)`)
	status   = regexp.MustCompile(`status\((\w+)\)`)
	headline = regexp.MustCompile(`headline\(([\w.]+)\)`)

	long = []struct {
		short *regexp.Regexp
		sql   string
	}{
		{globalID, `rtrim(encode(('$1:' || $2)::bytea, 'base64'), '=')`},
		{status, `CASE WHEN $1.completed_at IS NOT NULL OR $1.progress = 100 THEN 'COMPLETED' WHEN $1.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END`},
		{headline, `ts_headline('english', replace(replace(replace(replace(replace($1, '&', '&amp;'), '''', '&#39;'), '<', '&lt;'), '>', '&gt;'), '"', '&#34;'),
			(SELECT query FROM q), 'HighlightAll=true, StartSel=<mark>, StopSel=</mark>')`},
	}
)

// statement reads a file and writes its abbreviations out.
func statement(name string) string {
	text, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // it is embedded
	}
	sql := string(text)
	for _, l := range long {
		sql = l.short.ReplaceAllString(sql, l.sql)
	}
	return strings.TrimSpace(sql)
}

func operations() map[string]operation {
	page, dashboard, tree := statement("course-page"), statement("dashboard"), statement("browse-tree")
	return map[string]operation{
		"CoursePage": func(ctx context.Context, db *pgxpool.Pool, q asked) ([]byte, error) {
			data, err := scan(ctx, db, page, q.Variables.Slug, q.viewer.ID)
			if errors.Is(err, pgx.ErrNoRows) {
				return []byte(`{"course":null}`), nil
			}
			return data, err
		},
		"MyDashboard": func(ctx context.Context, db *pgxpool.Pool, q asked) ([]byte, error) {
			return scan(ctx, db, dashboard, q.viewer.ID)
		},
		"BrowseTree": func(ctx context.Context, db *pgxpool.Pool, _ asked) ([]byte, error) { return scan(ctx, db, tree) },
		"Catalog":    catalog(statement("catalog")),
		"Search":     search(statement("search")),
	}
}

func scan(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) (data []byte, err error) {
	err = db.QueryRow(ctx, sql, args...).Scan(&data)
	return data, err
}
