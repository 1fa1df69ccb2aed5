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
var sqlFiles embed.FS

// The statements in the files have abbreviations. Encoding an id as base64 gives the same text as
// base64url: its bytes never lead to one of the two characters that differ.
var (
	globalIDPattern = regexp.MustCompile(`gid\('(\w+)', ([\w.]+)\)`)
	statusPattern   = regexp.MustCompile(`status\((\w+)\)`)
	headlinePattern = regexp.MustCompile(`headline\(([\w.]+)\)`)

	abbreviations = []struct {
		short *regexp.Regexp
		sql   string
	}{
		{globalIDPattern, `rtrim(encode(('$1:' || $2)::bytea, 'base64'), '=')`},
		{statusPattern, `CASE WHEN $1.completed_at IS NOT NULL OR $1.progress = 100 THEN 'COMPLETED' WHEN $1.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END`},
		{headlinePattern, `ts_headline('english', replace(replace(replace(replace(replace($1, '&', '&amp;'), '''', '&#39;'), '<', '&lt;'), '>', '&gt;'), '"', '&#34;'),
			(SELECT query FROM q), 'HighlightAll=true, StartSel=<mark>, StopSel=</mark>')`},
	}
)

// readStatement reads a file and expands its abbreviations.
func readStatement(name string) string {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // it is embedded
	}
	sql := string(text)
	for _, l := range abbreviations {
		sql = l.short.ReplaceAllString(sql, l.sql)
	}
	return strings.TrimSpace(sql)
}

func newOperations() map[string]operationFunc {
	page, dashboard, tree := readStatement("course-page"), readStatement("dashboard"), readStatement("browse-tree")
	return map[string]operationFunc{
		"CoursePage": func(ctx context.Context, db *pgxpool.Pool, q operationRequest) ([]byte, error) {
			data, err := queryJSON(ctx, db, page, q.Variables.Slug, q.viewer.ID)
			if errors.Is(err, pgx.ErrNoRows) {
				return []byte(`{"course":null}`), nil
			}
			return data, err
		},
		"MyDashboard": func(ctx context.Context, db *pgxpool.Pool, q operationRequest) ([]byte, error) {
			return queryJSON(ctx, db, dashboard, q.viewer.ID)
		},
		"BrowseTree": func(ctx context.Context, db *pgxpool.Pool, _ operationRequest) ([]byte, error) {
			return queryJSON(ctx, db, tree)
		},
		"Catalog": newCatalogOperation(readStatement("catalog")),
		"Search":  newSearchOperation(readStatement("search")),
	}
}

func queryJSON(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) (data []byte, err error) {
	err = db.QueryRow(ctx, sql, args...).Scan(&data)
	return data, err
}
