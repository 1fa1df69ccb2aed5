package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/store"
)

// How soon a server sees a document that was pushed or retired, and how much of
// the counts of uses a crash can lose.
const (
	documentPollInterval = 3 * time.Second
	usageFlushInterval   = 30 * time.Second
)

// readManifest reads the documents of files and checks them: one that is broken
// is named.
func readManifest(files []string) ([]*persisted.Document, error) {
	list, err := persisted.ReadFiles(files...)
	if err != nil {
		return nil, err
	}
	schema := gql.ExecutableSchema().Schema()
	var broken []error
	for _, d := range list {
		if err := d.ValidateAgainst(schema); err != nil {
			broken = append(broken, fmt.Errorf("%s: %s: %w", d.File, documentLabel(store.Document{ID: d.ID, Operation: d.Operation, Body: d.Body}), err))
		}
	}
	return list, errors.Join(broken...)
}

// documentSync keeps the list of a process in step with the database.
type documentSync struct {
	store         *store.Store
	log           *slog.Logger
	list          *persisted.List
	uses          *persisted.UsageCounter
	loadedVersion int64 // that was read last
}

// openDocuments reads the manifest and, as far as it can be had, the database's
// list.
func openDocuments(ctx context.Context, c *config.Config, log *slog.Logger, db *store.Store) (*documentSync, error) {
	manifest, err := readManifest(c.PersistedManifest)
	if err != nil {
		return nil, fmt.Errorf("PERSISTED_QUERY_MANIFEST: %w", err)
	}
	s := &documentSync{store: db, log: log, list: persisted.NewList(manifest), uses: new(persisted.UsageCounter)}
	if _, err := s.pollDocuments(ctx); err != nil {
		log.Warn("the list of documents cannot be read yet", "error", err)
	}
	return s, nil
}

// persistedExtension answers by the list.
func (s *documentSync) persistedExtension(c *config.Config, queryStore cache.Store) *gql.Persisted {
	return &gql.Persisted{
		Mode: gql.PersistedMode(c.PersistedQueries), Store: queryStore, TTL: persistedQueryTTL,
		Documents: s.list, Uses: s.uses, Log: s.log,
	}
}

// flushOnClose writes what is left to be written.
func (s *documentSync) flushOnClose() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.flushUsage(ctx); err != nil {
		s.log.Warn("the last uses of documents are lost", "error", err)
	}
}

// backgroundJobs are what keeps the list in step.
func (s *documentSync) backgroundJobs() []jobs.Job {
	return []jobs.Job{
		{Name: "documents", Interval: documentPollInterval, Run: s.pollDocuments},
		{Name: "document_uses", Interval: usageFlushInterval, Run: func(ctx context.Context) ([]any, error) { return nil, s.flushUsage(ctx) }},
	}
}

// pollDocuments reads the list anew where it has changed.
func (s *documentSync) pollDocuments(ctx context.Context) ([]any, error) {
	var version int64
	primary := s.store.OnPrimary()
	if err := primary.RunQueries(ctx, store.DocumentsVersion(&version)); err != nil || version == s.loadedVersion {
		return nil, err
	}
	var rows []store.Document
	if err := primary.RunQueries(ctx, store.Documents(func(d store.Document) { rows = append(rows, d) })); err != nil {
		return nil, err
	}
	list := make([]*persisted.Document, 0, len(rows))
	for _, row := range rows {
		d, err := parseDocument(row)
		if err != nil {
			s.log.ErrorContext(ctx, "a document cannot be read: it is left out", "id", row.ID, "error", err)
			continue
		}
		list = append(list, d)
	}
	s.list.ReplaceDocuments(list)
	s.loadedVersion = version
	return []any{"documents", len(list)}, nil
}

func parseDocument(row store.Document) (*persisted.Document, error) {
	d, err := persisted.NewDocument(row.ID, row.Body)
	if err == nil {
		d.RetiredAt, d.MinimumVersion = row.RetiredAt, row.MinimumVersion
	}
	return d, err
}

// flushUsage writes the uses since it was last called.
func (s *documentSync) flushUsage(ctx context.Context) error {
	taken := s.uses.TakeUsages()
	if len(taken) == 0 {
		return nil
	}
	uses := make([]store.DocumentUse, len(taken))
	for i, u := range taken {
		uses[i] = store.DocumentUse{Document: u.DocumentID, Client: u.Client, Version: u.Version, LastUsed: u.LastUsed, Count: u.Count}
	}
	err := s.store.RecordDocumentUses(ctx, uses)
	if err != nil {
		s.uses.RestoreUsages(taken)
	}
	return err
}

// runDocumentCommand runs one of the commands for documents.
func runDocumentCommand(ctx context.Context, db *database, cli *config.CLI, command string) error {
	switch strings.Fields(command)[1] {
	case "push":
		return pushDocuments(ctx, db, cli.Documents.Push.Files)
	case "list":
		return printDocuments(ctx, db)
	case "check":
		return checkDocuments(ctx, db, cli.Documents.Check)
	case "restore":
		err := db.RestoreDocument(ctx, documentKey(cli.Documents.Restore.ID))
		if err == nil {
			fmt.Printf("%s is answered again; servers see it within %s\n", cli.Documents.Restore.ID, documentPollInterval)
		}
		return err
	default:
		retire := cli.Documents.Retire
		err := db.RetireDocument(ctx, documentKey(retire.ID), retire.MinimumVersion)
		if err == nil {
			fmt.Printf("%s is retired; servers see it within %s\n", retire.ID, documentPollInterval)
		}
		return err
	}
}

// documentKey is the id that a document is kept by, of one that clients send.
func documentKey(documentID string) string { return strings.TrimPrefix(documentID, "sha256:") }

// documentID is the id that clients send for a document.
func documentID(d store.Document) string {
	if d.ID == persisted.HashText(d.Body) {
		return "sha256:" + d.ID
	}
	return d.ID
}

// documentLabel is the id of a document with the name of its operation, if that has one.
func documentLabel(d store.Document) string {
	return strings.TrimSpace(documentID(d) + " " + d.Operation)
}

func pushDocuments(ctx context.Context, db *database, files []string) error {
	list, err := readManifest(files)
	if err != nil {
		return fmt.Errorf("nothing was pushed: %w", err)
	}
	if len(list) == 0 {
		return fmt.Errorf("nothing was pushed: there is no document in %s", strings.Join(files, ", "))
	}
	rows := make([]store.Document, len(list))
	for i, d := range list {
		rows[i] = store.Document{ID: d.ID, Operation: d.Operation, Body: d.Body}
	}
	added, err := db.PushDocuments(ctx, rows)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents pushed, %d of them new\n", len(rows), added)
	return db.OnPrimary().RunQueries(ctx, store.Documents(func(d store.Document) {
		if d.RetiredAt != nil && slices.ContainsFunc(rows, func(pushed store.Document) bool { return pushed.ID == d.ID }) {
			fmt.Printf("%s is retired and stays so: \"7p documents restore\" has it answered again\n", documentLabel(d))
		}
	}))
}

// usedDocument is a document with who uses it, the latest use first.
type usedDocument struct {
	store.Document
	uses []store.DocumentUse
}

func readUsedDocuments(ctx context.Context, db *database, since time.Time) ([]usedDocument, error) {
	var list []usedDocument
	indexByID := map[string]int{}
	err := db.OnPrimary().RunQueries(ctx, store.Documents(func(d store.Document) {
		indexByID[d.ID] = len(list)
		list = append(list, usedDocument{Document: d})
	}), store.DocumentUses(since, func(u store.DocumentUse) {
		if i, ok := indexByID[u.Document]; ok {
			list[i].uses = append(list[i].uses, u)
		}
	}))
	return list, err
}

func printDocuments(ctx context.Context, db *database) error {
	list, err := readUsedDocuments(ctx, db, time.Time{})
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tOPERATION\tSTATE\tCLIENT\tLAST USED\tTIMES")
	for _, d := range list {
		state := "active"
		if d.RetiredAt != nil {
			state = strings.TrimSpace("retired " + d.MinimumVersion)
		}
		if len(d.uses) == 0 {
			fmt.Fprintf(out, "%s\t%s\t%s\t\tnever\t0\n", documentID(d.Document), d.Operation, state)
		}
		for _, u := range d.uses {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d\n", documentID(d.Document), d.Operation, state, clientName(u), u.LastUsed.Format(time.RFC3339), u.Count)
		}
	}
	return out.Flush()
}

func clientName(u store.DocumentUse) string {
	return strings.TrimSpace(cmp.Or(u.Client, "unnamed") + " " + u.Version)
}

// checkDocuments fails where a document that was used lately does not fit the
// schema. One that was not, or is retired, is told and breaks nothing.
func checkDocuments(ctx context.Context, db *database, c config.DocumentsCheck) error {
	schema := gql.ExecutableSchema().Schema()
	if c.Schema != "" {
		text, err := os.ReadFile(c.Schema)
		if err != nil {
			return err
		}
		if schema, err = gqlparser.LoadSchema(&ast.Source{Name: c.Schema, Input: string(text)}); err != nil {
			return err
		}
	}
	list, err := readUsedDocuments(ctx, db, time.Now().AddDate(0, 0, -c.Days))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("there is no document to check: push some, and set DATABASE_URL to that of the servers")
	}
	broken := 0
	for _, row := range list {
		d, err := parseDocument(row.Document)
		if err == nil {
			err = d.ValidateAgainst(schema)
		}
		if err == nil {
			continue
		}
		if row.RetiredAt != nil {
			fmt.Printf("warning: %s, which is retired: %v\n", documentLabel(row.Document), err)
			continue
		}
		if len(row.uses) == 0 {
			fmt.Printf("warning: %s, not used in %d days (counts are up to %s late): %v\n", documentLabel(row.Document), c.Days, usageFlushInterval, err)
			continue
		}
		broken++
		fmt.Printf("broken: %s: %v\n", documentLabel(row.Document), err)
		for _, u := range row.uses {
			fmt.Printf("  used by %s, last on %s\n", clientName(u), u.LastUsed.Format(time.DateOnly))
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d documents that were used in the last %d days do not fit the schema", broken, c.Days)
	}
	fmt.Printf("%d documents checked\n", len(list))
	return nil
}
