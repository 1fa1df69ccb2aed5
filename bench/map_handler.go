package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// responsesFileEnv is the variable that makes this program the map handler. It names a file of
// responses.
const responsesFileEnv = "BENCH_RESPONSES_FILE"

// responseMap has responses by the Authorization and the body of their requests. It is the limit that
// cache hits are compared with: it reads a request and writes bytes, without GraphQL, tokens or
// expiry.
type responseMap map[string]map[string][]byte

func (m responseMap) addResponse(authorization, body string, response []byte) {
	if m[authorization] == nil {
		m[authorization] = map[string][]byte{}
	}
	m[authorization][body] = response
}

var bodyBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ServeHTTP writes the response to a request, or 404.
func (m responseMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := bodyBuffers.Get().(*bytes.Buffer)
	defer bodyBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		http.Error(w, "incomplete body", http.StatusBadRequest)
		return
	}
	response, ok := m[r.Header.Get("Authorization")][string(buf.Bytes())]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(response)))
	_, _ = w.Write(response)
}

// writeFile writes the responses to a file.
func (m responseMap) writeFile(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write the responses: %w", err)
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(m); err != nil {
		return fmt.Errorf("write the responses: %w", err)
	}
	return f.Close()
}

// launchMapHandler starts this program as the map handler.
func launchMapHandler(ctx context.Context, file string) (*contender, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return launchContender(ctx, "map", program, os.DevNull, []string{responsesFileEnv + "=" + file})
}

// serveMapHandler serves the responses of a file at ADDR until the context ends.
func serveMapHandler(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read the responses: %w", err)
	}
	defer f.Close()
	var responses responseMap
	if err := json.NewDecoder(f).Decode(&responses); err != nil {
		return fmt.Errorf("read the responses: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", responses)
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	srv := &http.Server{Addr: os.Getenv("ADDR"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return srv.Shutdown(context.WithoutCancel(ctx))
	}
}
