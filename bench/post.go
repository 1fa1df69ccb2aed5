package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// post is a request with its own document and header, for loads that are not the same bytes again and
// again.
type post struct {
	document  string
	variables map[string]any
	header    map[string]string
}

// asViewer adds the token of a viewer and an Idempotency-Key to the header.
func (p post) asViewer(tokens *auth.Tokens, v edu.Viewer, key string) (post, error) {
	token, err := tokens.IssueToken(v, time.Now(), time.Hour)
	p.header = map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": key}
	return p, err
}

// postReply is the response to a post.
type postReply struct {
	status int
	body   []byte
}

// sendTo sends the request to a server.
func (p post) sendTo(ctx context.Context, addr string) (reply postReply, err error) {
	body, err := json.Marshal(map[string]any{"query": p.document, "variables": p.variables})
	if err != nil {
		return reply, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/graphql", bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range p.header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply, err
	}
	defer resp.Body.Close()
	reply.status = resp.StatusCode
	if reply.body, err = io.ReadAll(resp.Body); err != nil {
		err = fmt.Errorf("read the response: %w", err)
	}
	return reply, err
}

// describeOutcome returns "success", the code of the first error or of the first user error.
func (r postReply) describeOutcome() string {
	var response struct {
		Errors []struct{ Extensions struct{ Code string } }
		Data   map[string]struct{ UserErrors []struct{ Code string } }
	}
	if err := json.Unmarshal(r.body, &response); err != nil {
		return fmt.Sprint("status ", r.status)
	}
	for _, e := range response.Errors {
		return e.Extensions.Code
	}
	for _, field := range response.Data {
		for _, e := range field.UserErrors {
			return e.Code
		}
	}
	return outcomeSuccess
}

// outcomeSuccess is the outcome of a response without errors.
const outcomeSuccess = "success"
