package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/store"
)

// The paths by which the commands act on the documents without the database.
const (
	documentsPath       = "/documents"
	retireDocumentPath  = "/documents/retire"
	restoreDocumentPath = "/documents/restore"
)

// documentRoutes serve the commands for documents to clients that have the token.
type documentRoutes struct {
	documents DatabaseDocuments
	token     string
	maxBytes  int64 // of a body
	log       *slog.Logger
}

// register adds the routes; without a token there are none.
func (d documentRoutes) register(mux *http.ServeMux) {
	if d.token == "" {
		return
	}
	mux.Handle("GET "+documentsPath, d.authorize(d.list))
	mux.Handle("POST "+documentsPath, d.authorize(d.push))
	mux.Handle("POST "+retireDocumentPath, d.authorize(d.retire))
	mux.Handle("POST "+restoreDocumentPath, d.authorize(d.restore))
}

// authorize rejects requests without the token, and responds with what a route returns.
func (d documentRoutes) authorize(route func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if !telemetry.HasBearerToken(r, d.token) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeJSON(w, http.StatusUnauthorized, documentError{Error: "send the server's DOCUMENTS_TOKEN as Authorization: Bearer …"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, d.maxBytes)
		result, err := route(r)
		if err != nil {
			d.writeError(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, result)
	})
}

// documentError is the body of a response that is not 200.
type documentError struct {
	Error    string            `json:"error"`
	Mistakes []documentMistake `json:"mistakes,omitempty"`
}

// requestError is a mistake in a request.
type requestError struct {
	status   int
	message  string
	mistakes []documentMistake
}

func (e *requestError) Error() string { return e.message }

func (d documentRoutes) writeError(w http.ResponseWriter, r *http.Request, err error) {
	if mistake, ok := errors.AsType[*requestError](err); ok {
		writeJSON(w, mistake.status, documentError{mistake.message, mistake.mistakes})
		return
	}
	if known, ok := errors.AsType[*edu.Error](err); ok {
		if status := documentErrorStatuses[known.Code]; status != 0 {
			writeJSON(w, status, documentError{Error: known.Message})
			return
		}
	}
	d.log.ErrorContext(r.Context(), "document request failed", "path", r.URL.Path, "error", err)
	writeJSON(w, http.StatusInternalServerError, documentError{Error: "internal error: see the log of the server"})
}

var documentErrorStatuses = map[edu.Code]int{edu.NotFound: http.StatusNotFound, edu.Conflict: http.StatusConflict, edu.Unavailable: http.StatusServiceUnavailable}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that left does not read it
}

// readJSON reads the body of a request.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &requestError{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("the request has more than %d bytes (MAX_BULK_BODY_BYTES): push fewer files at a time", large.Limit)}
	}
	if err != nil {
		return &requestError{status: http.StatusBadRequest, message: "invalid JSON: " + err.Error()}
	}
	return nil
}

// The bodies of requests and responses.
type (
	documentJSON struct {
		ID             string            `json:"id"`
		Operation      string            `json:"operation,omitempty"`
		Body           string            `json:"body"`
		PushedAt       time.Time         `json:"pushedAt"`
		RetiredAt      *time.Time        `json:"retiredAt,omitempty"`
		MinimumVersion string            `json:"minimumVersion,omitempty"`
		RetiredClients map[string]string `json:"retiredClients,omitempty"`
		Uses           []documentUseJSON `json:"uses,omitempty"`
	}
	documentUseJSON struct {
		Client   string    `json:"client,omitempty"`
		Version  string    `json:"version,omitempty"`
		LastUsed time.Time `json:"lastUsed"`
		Count    int64     `json:"count"`
	}
	documentList struct {
		Documents []documentJSON `json:"documents"`
	}
	pushRequest struct {
		Documents []pushedDocumentJSON `json:"documents"`
	}
	pushedDocumentJSON struct {
		ID   string `json:"id"`
		Body string `json:"body"`
	}
	pushResponse struct {
		Total   int            `json:"total"`
		Added   int            `json:"added"`
		Retired []documentJSON `json:"retired,omitempty"`
	}
	retireRequest struct {
		ID             string `json:"id"`
		Client         string `json:"client,omitempty"`
		MinimumVersion string `json:"minimumVersion,omitempty"`
	}
	restoreRequest struct {
		ID     string `json:"id"`
		Client string `json:"client,omitempty"`
	}
)

func newDocumentJSON(d UsedDocument) documentJSON {
	result := documentJSON{
		ID: d.ID, Operation: d.Operation, Body: d.Body, PushedAt: d.PushedAt, RetiredAt: d.RetiredAt,
		MinimumVersion: d.MinimumVersion, RetiredClients: d.RetiredClients,
	}
	for _, u := range d.Uses {
		result.Uses = append(result.Uses, documentUseJSON{Client: u.Client, Version: u.Version, LastUsed: u.LastUsed, Count: u.Count})
	}
	return result
}

// usedDocument reverts newDocumentJSON.
func (d documentJSON) usedDocument() UsedDocument {
	result := UsedDocument{Document: store.Document{
		ID: d.ID, Operation: d.Operation, Body: d.Body, PushedAt: d.PushedAt, RetiredAt: d.RetiredAt,
		MinimumVersion: d.MinimumVersion, RetiredClients: d.RetiredClients,
	}}
	for _, u := range d.Uses {
		result.Uses = append(result.Uses, store.DocumentUse{Document: d.ID, Client: u.Client, Version: u.Version, LastUsed: u.LastUsed, Count: u.Count})
	}
	return result
}

// list returns the documents, with their uses since the parameter of this name.
func (d documentRoutes) list(r *http.Request) (any, error) {
	var since time.Time
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return nil, &requestError{status: http.StatusBadRequest, message: "since must be a time such as 2026-11-01T00:00:00Z"}
		}
	}
	list, err := d.documents.ListDocuments(r.Context(), since)
	result := documentList{Documents: make([]documentJSON, len(list))}
	for i, used := range list {
		result.Documents[i] = newDocumentJSON(used)
	}
	return result, err
}

// push validates documents against the schema of the server and adds them.
func (d documentRoutes) push(r *http.Request) (any, error) {
	var request pushRequest
	if err := readJSON(r, &request); err != nil {
		return nil, err
	}
	list, err := request.parseDocuments()
	if err != nil {
		return nil, err
	}
	if mistakes := findMistakes(list); len(mistakes) > 0 {
		return nil, &requestError{http.StatusUnprocessableEntity, "documents that do not fit the schema", mistakes}
	}
	pushed, err := d.documents.pushDocuments(r.Context(), list)
	result := pushResponse{Total: pushed.Total, Added: pushed.Added}
	for _, retired := range pushed.Retired {
		result.Retired = append(result.Retired, newDocumentJSON(UsedDocument{Document: retired}))
	}
	return result, err
}

// parseDocuments returns the documents of a request, each once.
func (p pushRequest) parseDocuments() ([]*persisted.Document, error) {
	var list []*persisted.Document
	hashes := map[string]string{}
	for _, pushed := range p.Documents {
		d, err := persisted.NewDocument(pushed.ID, pushed.Body)
		switch {
		case err != nil:
			return nil, &requestError{status: http.StatusUnprocessableEntity, message: err.Error()}
		case hashes[d.ID] == "":
			hashes[d.ID] = d.Hash
			list = append(list, d)
		case hashes[d.ID] != d.Hash:
			return nil, &requestError{status: http.StatusUnprocessableEntity, message: "document id " + d.ID + " has two texts"}
		}
	}
	if len(list) == 0 {
		return nil, &requestError{status: http.StatusUnprocessableEntity, message: "there is no document in the request"}
	}
	return list, nil
}

func (d documentRoutes) retire(r *http.Request) (any, error) {
	var request retireRequest
	if err := readJSON(r, &request); err != nil {
		return nil, err
	}
	if err := checkNames(request.ID, request.Client, request.MinimumVersion); err != nil {
		return nil, err
	}
	return struct{}{}, d.documents.RetireDocument(r.Context(), store.Retirement{Document: DocumentKey(request.ID), Client: request.Client, MinimumVersion: request.MinimumVersion})
}

func (d documentRoutes) restore(r *http.Request) (any, error) {
	var request restoreRequest
	if err := readJSON(r, &request); err != nil {
		return nil, err
	}
	if err := checkNames(request.ID, request.Client); err != nil {
		return nil, err
	}
	return struct{}{}, d.documents.RestoreDocument(r.Context(), DocumentKey(request.ID), request.Client)
}

// checkNames rejects names that the database cannot store.
func checkNames(names ...string) error {
	if strings.ContainsRune(strings.Join(names, ""), 0) {
		return &requestError{status: http.StatusUnprocessableEntity, message: "names must not contain the character U+0000"}
	}
	return nil
}
