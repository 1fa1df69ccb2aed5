package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/7p-education/api/store"
)

// documentRequestTimeout is how long one request of RemoteDocuments may take.
const documentRequestTimeout = time.Minute

// RemoteDocuments is the DocumentService of a server, for callers without access to its database.
type RemoteDocuments struct {
	server *url.URL
	token  string
	client *http.Client
}

// NewRemoteDocuments returns the service of a server. Its address needs https://, except on this machine.
func NewRemoteDocuments(server, token string) (*RemoteDocuments, error) {
	address, err := url.Parse(server)
	switch {
	case err != nil || address.Host == "" || address.User != nil:
		return nil, errors.New("--server: not an address of a server: write https://api.example.com")
	case address.Scheme != "https" && (address.Scheme != "http" || !isThisMachine(address.Hostname())):
		return nil, errors.New("--server: needs https://, which hides the token from the network")
	case token == "":
		return nil, errors.New("DOCUMENTS_TOKEN: needed with --server: the token of the server, of at least 16 characters")
	}
	// A redirect could send the token elsewhere.
	client := &http.Client{Timeout: documentRequestTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &RemoteDocuments{server: address, token: token, client: client}, nil
}

func isThisMachine(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// ListDocuments returns the documents with their uses since a time.
func (d *RemoteDocuments) ListDocuments(ctx context.Context, since time.Time) ([]UsedDocument, error) {
	at := d.server.JoinPath(documentsPath)
	if !since.IsZero() {
		at.RawQuery = url.Values{"since": {since.UTC().Format(time.RFC3339Nano)}}.Encode()
	}
	var found documentList
	if err := d.send(ctx, http.MethodGet, at, nil, &found); err != nil {
		return nil, err
	}
	list := make([]UsedDocument, len(found.Documents))
	for i, document := range found.Documents {
		list[i] = document.usedDocument()
	}
	return list, nil
}

// PushFiles adds the documents of files that fit the schema of the server.
func (d *RemoteDocuments) PushFiles(ctx context.Context, files []string) (PushedDocuments, error) {
	list, err := readDocuments(files)
	if err != nil {
		return PushedDocuments{}, err
	}
	var request pushRequest
	for _, pushed := range list {
		request.Documents = append(request.Documents, pushedDocumentJSON{ID: pushed.ID, Body: pushed.Body})
	}
	var result pushResponse
	err = d.send(ctx, http.MethodPost, d.server.JoinPath(documentsPath), request, &result)
	if rejected, ok := errors.AsType[*requestError](err); ok {
		if mistakes := joinMistakes(list, rejected.mistakes); mistakes != nil {
			return PushedDocuments{}, nothingPushed(mistakes)
		}
	}
	if err != nil {
		return PushedDocuments{}, err
	}
	pushed := PushedDocuments{Total: result.Total, Added: result.Added}
	for _, retired := range result.Retired {
		pushed.Retired = append(pushed.Retired, retired.usedDocument().Document)
	}
	return pushed, nil
}

// RetireDocument retires a document, for one client or for all.
func (d *RemoteDocuments) RetireDocument(ctx context.Context, r store.Retirement) error {
	return d.send(ctx, http.MethodPost, d.server.JoinPath(retireDocumentPath), retireRequest{ID: r.Document, Client: r.Client, MinimumVersion: r.MinimumVersion}, nil)
}

// RestoreDocument restores a document, for one client or for all.
func (d *RemoteDocuments) RestoreDocument(ctx context.Context, id, client string) error {
	return d.send(ctx, http.MethodPost, d.server.JoinPath(restoreDocumentPath), restoreRequest{ID: id, Client: client}, nil)
}

// send sends a request and reads its response, unless into is nil. Its error is that of the server.
func (d *RemoteDocuments) send(ctx context.Context, method string, to *url.URL, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := d.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return d.readError(resp)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: invalid response: %w", d.server, err)
	}
	return nil
}

// readError returns the error of a response. One without a message comes from another program, or from a
// server without the routes.
func (d *RemoteDocuments) readError(resp *http.Response) error {
	var body documentError
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Error == "" {
		return fmt.Errorf("%s: status %d: is it a server with DOCUMENTS_TOKEN?", d.server, resp.StatusCode)
	}
	return &requestError{resp.StatusCode, body.Error, body.Mistakes}
}
