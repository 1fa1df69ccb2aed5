package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/store"
)

// DocumentService reads and changes the documents that the servers share.
type DocumentService interface {
	// ListDocuments returns the documents with their uses since a time.
	ListDocuments(ctx context.Context, since time.Time) ([]UsedDocument, error)
	// PushFiles adds the documents of files, all or none.
	PushFiles(ctx context.Context, files []string) (PushedDocuments, error)
	RetireDocument(ctx context.Context, r store.Retirement) error
	// RestoreDocument restores a document for one client, or for all if the client is "".
	RestoreDocument(ctx context.Context, id, client string) error
}

// UsedDocument is a document with its uses, the latest first.
type UsedDocument struct {
	store.Document
	Uses []store.DocumentUse
}

// PushedDocuments is the result of a push.
type PushedDocuments struct {
	Total, Added int
	Retired      []store.Document // pushed documents that are retired: a push does not restore them
}

// DatabaseDocuments is the DocumentService of a database.
type DatabaseDocuments struct{ *Database }

// ListDocuments returns the documents with their uses since a time.
func (d DatabaseDocuments) ListDocuments(ctx context.Context, since time.Time) ([]UsedDocument, error) {
	var list []UsedDocument
	indexByID := map[string]int{}
	err := d.OnPrimary().RunQueries(ctx, store.Documents(func(row store.Document) {
		indexByID[row.ID] = len(list)
		list = append(list, UsedDocument{Document: row})
	}), store.DocumentUses(since, func(u store.DocumentUse) {
		if i, ok := indexByID[u.Document]; ok {
			list[i].Uses = append(list[i].Uses, u)
		}
	}))
	return list, err
}

// PushFiles adds the documents of files that fit the schema of this program.
func (d DatabaseDocuments) PushFiles(ctx context.Context, files []string) (PushedDocuments, error) {
	list, err := readDocuments(files)
	if err != nil {
		return PushedDocuments{}, err
	}
	if err := joinMistakes(list, findMistakes(list)); err != nil {
		return PushedDocuments{}, nothingPushed(err)
	}
	return d.pushDocuments(ctx, list)
}

// pushDocuments adds valid documents.
func (d DatabaseDocuments) pushDocuments(ctx context.Context, list []*persisted.Document) (PushedDocuments, error) {
	rows := make([]store.Document, len(list))
	for i, added := range list {
		rows[i] = store.Document{ID: added.ID, Operation: added.Operation, Body: added.Body}
	}
	pushed := PushedDocuments{Total: len(list)}
	var err error
	if pushed.Added, err = d.PushDocuments(ctx, rows); err != nil {
		return PushedDocuments{}, err
	}
	err = d.OnPrimary().RunQueries(ctx, store.Documents(func(row store.Document) {
		if (row.RetiredAt != nil || row.RetiredClients != nil) && slices.ContainsFunc(rows, func(r store.Document) bool { return r.ID == row.ID }) {
			pushed.Retired = append(pushed.Retired, row)
		}
	}))
	return pushed, err
}

// readDocuments reads the documents of files for a push.
func readDocuments(files []string) ([]*persisted.Document, error) {
	list, err := persisted.ReadFiles(files...)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("there is no document in %s", strings.Join(files, ", "))
	}
	if err != nil {
		return nil, nothingPushed(err)
	}
	return list, nil
}

func nothingPushed(err error) error { return fmt.Errorf("nothing was pushed: %w", err) }

// documentMistake is why a document does not fit the schema.
type documentMistake struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// findMistakes validates documents against the schema of this program.
func findMistakes(list []*persisted.Document) []documentMistake {
	schema := gql.ExecutableSchema().Schema()
	var mistakes []documentMistake
	for _, d := range list {
		if err := d.ValidateAgainst(schema); err != nil {
			mistakes = append(mistakes, documentMistake{ID: d.ID, Error: err.Error()})
		}
	}
	return mistakes
}

// joinMistakes returns one error of all mistakes, with the files and labels of their documents; nil for none.
func joinMistakes(list []*persisted.Document, mistakes []documentMistake) error {
	byID := map[string]*persisted.Document{}
	for _, d := range list {
		byID[d.ID] = d
	}
	var all []error
	for _, m := range mistakes {
		if d := byID[m.ID]; d != nil {
			all = append(all, fmt.Errorf("%s: %s: %s", d.File, DocumentLabel(store.Document{ID: d.ID, Operation: d.Operation, Body: d.Body}), m.Error))
		} else {
			all = append(all, fmt.Errorf("%s: %s", m.ID, m.Error))
		}
	}
	return errors.Join(all...)
}
