package cli

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
)

type documentCommands struct {
	Push    documentsPushCommand    `cmd:"" help:"Add the documents of manifests (Apollo's or Relay's .json) and of .graphql files, all or none."`
	List    documentsListCommand    `cmd:"" help:"List the documents with their clients and their last use."`
	Check   documentsCheckCommand   `cmd:"" help:"Fail if documents in use do not fit a schema, or if there are none."`
	Retire  documentsRetireCommand  `cmd:"" help:"Reject a document: clients that send it must update."`
	Restore documentsRestoreCommand `cmd:"" help:"Accept a retired document again."`
}

// documentsTarget is what the commands for documents act on: the database, or a server.
type documentsTarget struct {
	Server string `placeholder:"URL" help:"Server that acts in place of the database, e.g. https://api.example.com; needs its DOCUMENTS_TOKEN."`
}

// withDocuments runs a function on the documents of the server, or else of the database.
func (t documentsTarget) withDocuments(ctx context.Context, c *config.Config, run func(app.DocumentService) error) error {
	if t.Server == "" {
		return withPreparedDatabase(ctx, c, func(db *app.Database) error { return run(app.DatabaseDocuments{Database: db}) })
	}
	remote, err := app.NewRemoteDocuments(t.Server, string(c.DocumentsToken))
	if err != nil {
		return err
	}
	return run(remote)
}

// hasActiveClient reports whether a client that the document is not retired for used it.
func hasActiveClient(d app.UsedDocument) bool {
	return d.RetiredAt == nil && slices.ContainsFunc(d.Uses, func(u store.DocumentUse) bool { return !isRetiredFor(d.Document, u.Client) })
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
