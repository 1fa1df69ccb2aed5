package cli

import (
	"cmp"
	"context"
	"maps"
	"slices"
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

// hasActiveClient reports whether a client that the document is not retired for used it.
func (d usedDocument) hasActiveClient() bool {
	return d.RetiredAt == nil && slices.ContainsFunc(d.uses, func(u store.DocumentUse) bool { return !isRetiredFor(d.Document, u.Client) })
}

func isRetiredFor(d store.Document, client string) bool {
	_, retired := d.RetiredClients[client]
	return retired || d.RetiredAt != nil
}

// retirements lists the retirements of a document, such as "retired 3.2, retired for ios 3.1"; "" for none.
func retirements(d store.Document) string {
	var list []string
	if d.RetiredAt != nil {
		list = append(list, strings.TrimSpace("retired "+d.MinimumVersion))
	}
	for _, client := range slices.Sorted(maps.Keys(d.RetiredClients)) {
		list = append(list, strings.TrimSpace("retired for "+client+" "+d.RetiredClients[client]))
	}
	return strings.Join(list, ", ")
}

func clientName(u store.DocumentUse) string {
	return strings.TrimSpace(cmp.Or(u.Client, "unnamed") + " " + u.Version)
}
