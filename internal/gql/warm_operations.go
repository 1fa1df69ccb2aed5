package gql

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/persisted"
)

// WarmOperation is one that Warm answers.
type WarmOperation struct {
	// Name tells where it is from: a file, and which one of several in it.
	Name   string
	params graphql.RawParams
}

// warmHeaders is who asks, as far as documents count their clients.
var warmHeaders = http.Header{"Graphql-Client-Name": {"7p cache warm"}}

// ReadWarmOperations reads operations from files: documents (.graphql, .gql) of one
// operation each, asked without variables, and requests as clients send them (.json),
// one or an array of any number. Of a directory it reads those in it, and passes over
// .json files that are no requests. An error names the file.
func ReadWarmOperations(paths ...string) ([]WarmOperation, error) {
	var all []WarmOperation
	err := persisted.WalkFiles(paths, func(file string, text []byte, named bool) error {
		parseFile := parseDocumentFile
		if filepath.Ext(file) == ".json" {
			parseFile = parseRequestFile
		}
		found, err := parseFile(text)
		if errors.Is(err, errNoRequest) && !named {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for i, params := range found {
			o := WarmOperation{Name: file, params: *params}
			if len(found) > 1 {
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

var errNoRequest = errors.New(`this is no request: it has neither a "query" nor a "documentId"`)

func parseRequestFile(text []byte) ([]*graphql.RawParams, error) {
	in, ref := decodeRequestBody(text, math.MaxInt)
	if ref != nil {
		return nil, errors.New(ref.Message)
	}
	members := in.batch
	if members == nil {
		members = []batchItem{{params: in.params}}
	}
	all := make([]*graphql.RawParams, len(members))
	for i, m := range members {
		switch {
		case m.err != nil:
			return nil, fmt.Errorf("number %d: %s", i+1, m.err.Message)
		case m.params.Query == "" && len(m.params.Extensions) == 0:
			return nil, errNoRequest
		}
		all[i] = m.params
	}
	return all, nil
}
