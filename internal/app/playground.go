package app

import (
	"net/http"
	"sync"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/store"
	"github.com/7p-education/api/web"
)

const (
	playgroundPath          = "/playground"
	playgroundDocumentsPath = "/playground/documents"
	schemaPath              = "/schema.graphql"
)

// addPlayground adds the playground and the schema.
func addPlayground(mux *http.ServeMux, c *config.Config, s *services) {
	// Built on the first request of a page or an asset: 1.3 MB of assets are read and hashed.
	build := sync.OnceValue(func() http.Handler { return web.PlaygroundHandler(playgroundOptions(c, s.db.isDemo())) })
	playground := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { build().ServeHTTP(w, r) })
	mux.Handle(playgroundPath, playground)
	mux.Handle(playgroundPath+"/", playground)
	mux.Handle("GET "+schemaPath, schemaHandler())
}

// playgroundOptions returns the options of the playground. Only a demo shows its accounts.
func playgroundOptions(c *config.Config, isDemo bool) web.PlaygroundOptions {
	o := web.PlaygroundOptions{Prefix: playgroundPath, Endpoint: "/graphql", Schema: schemaPath}
	switch mode := persisted.Mode(c.PersistedQueries); mode {
	case persisted.ModeSafelist, persisted.ModeTrusted:
		o.Documents, o.IDsOnly = playgroundDocumentsPath, mode == persisted.ModeTrusted
	}
	if isDemo {
		o.Demo = &web.DemoAccounts{Emails: demo.AccountEmails(), Password: demo.Password}
	}
	return o
}

// playgroundSessionDocuments returns the operations by which the playground signs in. A demo has them in its
// list of documents, so that it can be tried in every mode.
func playgroundSessionDocuments() []*persisted.Document {
	var list []*persisted.Document
	for _, text := range web.SessionOperations() {
		d, err := persisted.NewDocument("", text)
		if err != nil {
			panic(err) // the texts are part of the program
		}
		list = append(list, d)
	}
	return list
}

// playgroundDocuments serves the documents that the playground can pick: to admins, and on a demo to all.
type playgroundDocuments struct {
	list   *persisted.List
	isDemo bool
}

// pickableDocument is a document of the response.
type pickableDocument struct {
	ID        string `json:"id"` // as clients send it
	Operation string `json:"operation,omitempty"`
	Body      string `json:"body"`
}

// ServeHTTP responds with the documents that are not retired for all clients.
func (p playgroundDocuments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch v := edu.ViewerFrom(r.Context()); {
	case p.isDemo || v.IsAdmin():
	case v.SignedIn():
		writeJSON(w, http.StatusForbidden, documentError{Error: "only an admin may read the list of documents"})
		return
	default:
		writeJSON(w, http.StatusUnauthorized, documentError{Error: "sign in as an admin to read the list of documents"})
		return
	}
	documents := []pickableDocument{}
	for _, d := range p.list.ListCurrent() {
		documents = append(documents, pickableDocument{ID: DocumentClientID(store.Document{ID: d.ID, Body: d.Body}), Operation: d.Operation, Body: d.Body})
	}
	writeJSON(w, http.StatusOK, map[string]any{"documents": documents})
}
