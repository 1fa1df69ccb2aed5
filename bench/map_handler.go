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

// responsesFileEnv names the variable that makes this program the bare handler: it
// holds a file of answers.
const responsesFileEnv = "READY_ANSWERS"

// responseMap are answers by the Authorization and the body of their requests: what a
// server that keeps answers is measured against. It reads a request and writes
// bytes, and knows neither GraphQL nor tokens, neither when an answer is too old nor
// who has asked.
type responseMap map[string]map[string][]byte

func (a responseMap) addResponse(authorization, body string, answer []byte) {
	if a[authorization] == nil {
		a[authorization] = map[string][]byte{}
	}
	a[authorization][body] = answer
}

var bodyBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ServeHTTP writes the answer of a request, or 404.
func (a responseMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := bodyBuffers.Get().(*bytes.Buffer)
	defer bodyBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	answer, ok := a[r.Header.Get("Authorization")][string(buf.Bytes())]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}

// writeFile keeps the answers in a file.
func (a responseMap) writeFile(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write the ready answers: %w", err)
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(a); err != nil {
		return fmt.Errorf("write the ready answers: %w", err)
	}
	return f.Close()
}

// launchMapHandler starts this program as the bare handler.
func launchMapHandler(ctx context.Context, file string) (*contender, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return launchContender(ctx, "map", program, os.DevNull, []string{responsesFileEnv + "=" + file})
}

// serveMapHandler serves the answers of a file at ADDR until the context ends.
func serveMapHandler(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read the ready answers: %w", err)
	}
	defer f.Close()
	var answers responseMap
	if err := json.NewDecoder(f).Decode(&answers); err != nil {
		return fmt.Errorf("read the ready answers: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", answers)
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
