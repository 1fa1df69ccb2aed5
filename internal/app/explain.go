package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/store"
)

// ExplainRequest is an operation whose plan is requested.
type ExplainRequest struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName,omitempty"`
	Variables     map[string]any `json:"variables,omitempty"`
	// Plans requests the plans of the statements.
	Plans bool `json:"-"`
}

// ExplainOnDatabase executes an operation on a database, as the account with an email or else anonymously, and returns the
// response with its plan. No server's cache is read.
func ExplainOnDatabase(ctx context.Context, c *config.Config, db *Database, email string, r ExplainRequest) ([]byte, error) {
	if email != "" {
		viewer, err := activeViewer(ctx, db, email)
		if err != nil {
			return nil, err
		}
		ctx = edu.WithViewer(ctx, viewer)
	}
	log := slog.New(slog.DiscardHandler)
	responses := openResponseCache(c, log, nil, false)
	responses.startInvalidation(ctx, db.Store, db.migrationsApplied(ctx))
	defer func() { _ = responses.stopAndClose() }()
	waiting, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	if err := responses.invalidation.AwaitLease(waiting); err != nil {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("the database did not respond within %s, or lacks migrations", leaseTimeout))
	}
	s := &services{db: db, responseCache: responses}
	api := gql.New(operationOptions(c, log, s, &persisted.Extension{Mode: persisted.ModeOff, Documents: persisted.NewList(nil), Uses: new(persisted.UsageCounter), Log: log}))
	params := &graphql.RawParams{Query: r.Query, OperationName: r.OperationName, Variables: r.Variables}
	return response.EncodeEnvelope(api.Explain(ctx, params, r.Plans)), nil
}

// activeViewer returns the viewer of an account.
func activeViewer(ctx context.Context, db *Database, email string) (edu.Viewer, error) {
	var account store.Account
	if err := db.RunQueries(ctx, store.LookupAccount(0, edu.TrimEmail(email), 0, func(a store.Account) { account = a })); err != nil {
		return edu.Viewer{}, err
	}
	if account.ID == 0 || !account.Active {
		return edu.Viewer{}, fmt.Errorf("there is no active account with the email %q", email)
	}
	return edu.Viewer{ID: account.ID, Role: account.Role}, nil
}

// explainTimeout is how long the request of ExplainOnServer may take, and maxExplainBytes the maximum size of its response.
const (
	explainTimeout  = time.Minute
	maxExplainBytes = 64 << 20
)

// ExplainOnServer has a running server execute an operation, with an access token or else anonymously, and returns the
// response with its plan. The address needs https://, except on this machine.
func ExplainOnServer(ctx context.Context, server, token string, r ExplainRequest) ([]byte, error) {
	address, err := url.Parse(server)
	if err != nil || address.Host == "" || address.Scheme != "https" && (address.Scheme != "http" || !isThisMachine(address.Hostname())) {
		return nil, errors.New("--server: not an address of a server: write https://api.example.com")
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.JoinPath(graphqlPath).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("GraphQL-Explain", map[bool]string{false: "1", true: "plans"}[r.Plans])
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Timeout: explainTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(io.LimitReader(resp.Body, maxExplainBytes))
}
