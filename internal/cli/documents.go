package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/store"
)

type documentCommands struct {
	Push    documentsPushCommand    `cmd:"" help:"Add the documents of manifests (Apollo's or Relay's .json) and of .graphql files, all or none."`
	List    documentsListCommand    `cmd:"" help:"List the documents with their clients and their last use."`
	Check   documentsCheckCommand   `cmd:"" help:"Fail if documents in use do not fit a schema, or if there are none."`
	Retire  documentsRetireCommand  `cmd:"" help:"Reject a document: clients that send it must update."`
	Restore documentsRestoreCommand `cmd:"" help:"Accept a retired document again."`
}

// documentKey returns the stored ID of a document from the one that clients send.
func documentKey(clientID string) string { return strings.TrimPrefix(clientID, "sha256:") }

// usedDocument is a document with its uses, the latest first.
type usedDocument struct {
	store.Document
	uses []store.DocumentUse
}

func readUsedDocuments(ctx context.Context, db *app.Database, since time.Time) ([]usedDocument, error) {
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

func clientName(u store.DocumentUse) string {
	return strings.TrimSpace(cmp.Or(u.Client, "unnamed") + " " + u.Version)
}
