package app

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/store"
)

const (
	// DocumentPollInterval is how often servers poll the database for documents that were pushed
	// or retired.
	DocumentPollInterval = 3 * time.Second
	// UsageFlushInterval is how often servers write the counts of uses. A crash loses at most
	// this much of them.
	UsageFlushInterval = 30 * time.Second
	// closeTimeout is how long a closing server may take to write the last counts.
	closeTimeout = time.Second
)

// ReadManifest reads the documents of files and validates them. Its error names each invalid one.
func ReadManifest(files []string) ([]*persisted.Document, error) {
	list, err := persisted.ReadFiles(files...)
	if err != nil {
		return nil, err
	}
	return list, joinMistakes(list, findMistakes(list))
}

// ParseDocument parses a document of the database.
func ParseDocument(row store.Document) (*persisted.Document, error) {
	d, err := persisted.NewDocument(row.ID, row.Body)
	if err == nil {
		d.RetiredAt, d.MinimumVersion, d.RetiredClients = row.RetiredAt, row.MinimumVersion, row.RetiredClients
	}
	return d, err
}

// DocumentKey returns the stored ID of a document from the one that clients send.
func DocumentKey(clientID string) string { return strings.TrimPrefix(clientID, "sha256:") }

// DocumentClientID returns the ID by which clients send a document.
func DocumentClientID(d store.Document) string {
	if d.ID == persisted.HashText(d.Body) {
		return "sha256:" + d.ID
	}
	return d.ID
}

// DocumentLabel returns the ID of a document followed by the name of its operation, if it has one.
func DocumentLabel(d store.Document) string {
	return strings.TrimSpace(DocumentClientID(d) + " " + d.Operation)
}

// documentSync synchronizes the document list of a process with the database.
type documentSync struct {
	store         *store.Store
	log           *slog.Logger
	list          *persisted.List
	own           *persisted.List // of the server's own pages; nil for none
	uses          *persisted.UsageCounter
	loadedVersion int64          // the version of the list that was read last
	loadedFrom    store.Identity // the database that it was read from
}

// openDocuments reads the list of the database, to which it adds the manifest. If the database does
// not answer, polling reads the list later.
func openDocuments(ctx context.Context, log *slog.Logger, db *store.Store, manifest []*persisted.Document) *documentSync {
	s := &documentSync{store: db, log: log, list: persisted.NewList(manifest), uses: new(persisted.UsageCounter)}
	if _, err := s.pollDocuments(ctx); err != nil {
		log.Warn("document list not read yet", "error", err)
	}
	return s
}

// persistedExtension returns the extension that runs operations by the list.
func (s *documentSync) persistedExtension(c *config.Config, shared *sharedState) *persisted.Extension {
	return &persisted.Extension{
		Mode: persisted.Mode(c.PersistedQueries), Store: shared.cacheStore, TTL: persistedQueryTTL, Budget: shared.rateLimits,
		Own: s.own, Documents: s.list, Uses: s.uses, Log: s.log,
	}
}

// flushOnClose writes the counts of the last uses.
func (s *documentSync) flushOnClose() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.flushUsage(ctx); err != nil {
		s.log.Warn("counts of the last document uses lost", "error", err)
	}
	return nil
}

// backgroundJobs returns the jobs that synchronize the list and the counts of uses.
func (s *documentSync) backgroundJobs() []jobs.Job {
	return []jobs.Job{
		{Name: "documents", Interval: DocumentPollInterval, Run: s.pollDocuments},
		{Name: "document_uses", Interval: UsageFlushInterval, Run: func(ctx context.Context) ([]any, error) { return nil, s.flushUsage(ctx) }},
	}
}

// pollDocuments reloads the list if it has changed.
func (s *documentSync) pollDocuments(ctx context.Context) ([]any, error) {
	var version int64
	primary := s.store.OnPrimary()
	database, _ := s.store.CurrentIdentity() // a restored database may reach the same version with another list
	if err := primary.RunQueries(ctx, store.DocumentsVersion(&version)); err != nil || version == s.loadedVersion && database == s.loadedFrom {
		return nil, err
	}
	var rows []store.Document
	if err := primary.RunQueries(ctx, store.Documents(func(d store.Document) { rows = append(rows, d) })); err != nil {
		return nil, err
	}
	list := make([]*persisted.Document, 0, len(rows))
	for _, row := range rows {
		d, err := ParseDocument(row)
		if err != nil {
			s.log.ErrorContext(ctx, "document skipped: it cannot be parsed", "id", row.ID, "error", err)
			continue
		}
		list = append(list, d)
	}
	s.list.ReplaceDocuments(list)
	s.loadedVersion, s.loadedFrom = version, database
	return []any{"documents", len(list)}, nil
}

// flushUsage writes the uses since the last call.
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
