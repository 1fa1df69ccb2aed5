package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

const (
	// fleetReadsPerWrite makes two percent of the requests writes.
	fleetReadsPerWrite = 49
	// fleetWriteCount is the number of planned writes. Each is sent once: a second enrollment in a course
	// is a user error.
	fleetWriteCount = 24_000
)

// addFleetTraits gives each request the address of a caller of its own, and makes every other anonymous
// read a GET of a persisted query.
func (m *requestMixer) addFleetTraits(plans map[string][]request) error {
	for i, op := range operations {
		for n, r := range plans[op.name] {
			read := &m.reads[i][n]
			if n%2 == 0 && !r.viewer.SignedIn() {
				encoded, err := encodePersistedGet(r)
				if err != nil {
					return err
				}
				read.bytes = encoded
			}
			read.bytes = addCallerAddress(read.bytes, i*planLength+n)
		}
	}
	for n := range m.writes {
		m.writes[n].bytes = addCallerAddress(m.writes[n].bytes, len(operations)*planLength+n)
	}
	return nil
}

// addCallerAddress adds a header with the n-th address of a network for benchmarks (RFC 2544).
func addCallerAddress(request []byte, n int) []byte {
	line, rest, _ := bytes.Cut(request, []byte("\r\n"))
	return fmt.Appendf(nil, "%s\r\nX-Forwarded-For: 198.18.%d.%d\r\n%s", line, n/250%250, 1+n%250, rest)
}

// persistedExtensions returns the extensions that name the document of an operation.
func persistedExtensions(op operation) (text []byte, document string, err error) {
	file, err := operationFiles.ReadFile("operations/" + op.file + ".graphql")
	if err != nil {
		return nil, "", err
	}
	text, err = json.Marshal(map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": fmt.Sprintf("%x", sha256.Sum256(file))}})
	return text, string(file), err
}

// encodePersistedGet returns a GET of a query whose text is registered.
func encodePersistedGet(r request) ([]byte, error) {
	extensions, _, err := persistedExtensions(r.operation)
	if err != nil {
		return nil, err
	}
	variables, err := json.Marshal(r.variables)
	if err != nil {
		return nil, err
	}
	query := url.Values{"operationName": {r.operation.name}, "variables": {string(variables)}, "extensions": {string(extensions)}}
	return fmt.Appendf(nil, "GET /graphql?%s HTTP/1.1\r\nHost: localhost\r\nAccept: application/graphql-response+json\r\n\r\n", query.Encode()), nil
}

// registerDocuments registers the texts of the persisted queries at a server.
func registerDocuments(addr string) error {
	for _, op := range operations {
		extensions, document, err := persistedExtensions(op)
		if err != nil {
			return err
		}
		variables := map[string]any{"slug": "none", "query": "none"}
		body, err := json.Marshal(map[string]any{"query": document, "variables": variables, "extensions": json.RawMessage(extensions)})
		if err != nil {
			return err
		}
		c, err := dialContender(addr)
		if err != nil {
			return err
		}
		status, response, err := c.sendRequest(encodePost(body, "localhost", ""))
		if err := errors.Join(err, c.conn.Close()); err != nil {
			return err
		}
		if status != 200 || bytes.Contains(response, []byte(`"errors":`)) {
			return fmt.Errorf("register %s: status %d: %.300s", op.name, status, response)
		}
	}
	return nil
}

// requestEachRead sends each read once through nginx, so that caches are as full as after a while.
func (f *fleet) requestEachRead(ctx context.Context) error {
	printStatus("requesting each read once")
	// A server whose Redis is late at this moment would not find a text that another server registers.
	for _, s := range f.servers {
		if err := registerDocuments(s.addr); err != nil {
			return err
		}
	}
	return f.requestReads(ctx, f.proxy.addr)
}

// requestReads sends each read once to an address.
func (f *fleet) requestReads(ctx context.Context, addr string) error {
	for _, reads := range f.mixer.reads {
		if err := refreshResponses(ctx, addr, reads); err != nil {
			return err
		}
	}
	return nil
}

// nextRequests returns the requests of a load, with writes that no other load sends.
func (f *fleet) nextRequests(n, readsPerWrite int) ([]encodedRequest, error) {
	writes := (n + readsPerWrite) / (readsPerWrite + 1)
	if f.spent+writes > len(f.mixer.writes) {
		return nil, fmt.Errorf("all %d planned writes are sent", len(f.mixer.writes))
	}
	first := f.spent
	f.spent += writes
	return f.mixer.mixWrites(f.mixer.writes[first:f.spent], readsPerWrite, true, first)[:n], nil
}

// fleetOperations returns the operations of the mixed load, in the order of their groups.
func fleetOperations() []operation {
	all := append([]operation{}, operations...)
	for _, m := range mixedMutations {
		op := m.operation
		op.title = mutationTitles[m.name]
		all = append(all, op)
	}
	return all
}

// mutationTitles are the names of the mutations in the report.
var mutationTitles = map[string]string{"RecordVideoProgress": "record progress", "Enroll": "enroll", "ReviewCourse": "review", "UpdateCourse": "edit a course"}
