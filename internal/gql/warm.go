package gql

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/transport"
)

// WarmResult is the result of warming the cache with one operation.
type WarmResult struct {
	// AlreadyCached is true if a fresh response was cached already.
	AlreadyCached bool
	// NotCachedReason is why the response is not cached, as the detail of Cache-Status has it; "" if it
	// is cached.
	NotCachedReason string
	// Errors are the errors of a response that is not cached because of them.
	Errors gqlerror.List
}

// WarmCache executes an operation as for an anonymous client and caches the response, unless a fresh one
// is cached. It does not execute an operation that is not cacheable.
func (s *Server) WarmCache(ctx context.Context, o WarmOperation) WarmResult {
	params, lookup := o.params, &respcache.RequestLookup{}
	defer lookup.Release()
	errs := transport.ExecuteAnonymously(ctx, lookup, &params, s.exec)
	if lookup.Result() == respcache.Hit {
		if !lookup.NeedsRevalidation() {
			return WarmResult{AlreadyCached: true}
		}
		lookup = lookup.NewRevalidation()
		defer lookup.Release()
		errs = transport.Revalidate(ctx, lookup, &params, s.exec)
	}
	return WarmResult{NotCachedReason: lookup.Detail(), Errors: errs}
}

// WarmOperation is an operation for WarmCache.
type WarmOperation struct {
	// Name is the file that the operation was read from, and its number if the file has several.
	Name   string
	params graphql.RawParams
}

// warmHeaders name the client in the usage counts of documents.
var warmHeaders = http.Header{"Graphql-Client-Name": {"7p cache warm"}}

// ReadWarmOperations reads operations from files: documents (.graphql, .gql) of one operation each,
// executed without variables, and requests as clients send them (.json), a single one or an array of
// any size. It reads the files in a directory, except .json files that are not requests. An error
// names the file.
func ReadWarmOperations(paths ...string) ([]WarmOperation, error) {
	var all []WarmOperation
	err := persisted.WalkFiles(paths, func(file string, text []byte, named bool) error {
		parseFile := parseDocumentFile
		if filepath.Ext(file) == ".json" {
			parseFile = transport.DecodeRequests
		}
		requests, err := parseFile(text)
		if errors.Is(err, transport.ErrNoRequest) && !named {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for i, params := range requests {
			o := WarmOperation{Name: file, params: *params}
			if len(requests) > 1 {
				o.Name = fmt.Sprintf("%s, number %d", file, i+1)
			}
			o.params.Headers = warmHeaders
			all = append(all, o)
		}
		return nil
	})
	return all, err
}

func parseDocumentFile(text []byte) ([]*graphql.RawParams, error) {
	d, err := persisted.NewDocument("", string(text))
	if err != nil {
		return nil, err
	}
	return []*graphql.RawParams{{Query: d.Body}}, nil
}
