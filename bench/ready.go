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

// readyAnswers names the variable that makes this program the bare handler: it
// holds a file of answers.
const readyAnswers = "READY_ANSWERS"

// ready are answers by the Authorization and the body of their requests: what a
// server that keeps answers is measured against. It reads a request and writes
// bytes, and knows neither GraphQL nor tokens, neither when an answer is too old nor
// who has asked.
type ready map[string]map[string][]byte

func (a ready) add(authorization, body string, answer []byte) {
	if a[authorization] == nil {
		a[authorization] = map[string][]byte{}
	}
	a[authorization][body] = answer
}

var readyBodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ServeHTTP writes the answer of a request, or 404.
func (a ready) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := readyBodies.Get().(*bytes.Buffer)
	defer readyBodies.Put(buf)
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

// write keeps the answers in a file.
func (a ready) write(file string) error {
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

// launchReady starts this program as the bare handler.
func launchReady(ctx context.Context, file string) (*contender, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return launch(ctx, "map", program, os.DevNull, []string{readyAnswers + "=" + file})
}

// serveReady serves the answers of a file at ADDR until the context ends.
func serveReady(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read the ready answers: %w", err)
	}
	defer f.Close()
	var answers ready
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
