package gql

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/documents"
)

// Operation is one that Warm answers.
type Operation struct {
	// Name tells where it is from: a file, and which one of several in it.
	Name   string
	params graphql.RawParams
}

// warmer is who asks, as far as documents count their clients.
var warmer = http.Header{"Graphql-Client-Name": {"7p cache warm"}}

// ReadOperations reads operations from files: documents (.graphql, .gql) of one
// operation each, asked without variables, and requests as clients send them (.json),
// one or an array of any number. Of a directory it reads those in it, and passes over
// .json files that are no requests. An error names the file.
func ReadOperations(paths ...string) ([]Operation, error) {
	var all []Operation
	err := documents.EachFile(paths, func(file string, text []byte, named bool) error {
		read := readDocument
		if filepath.Ext(file) == ".json" {
			read = readRequests
		}
		found, err := read(text)
		if errors.Is(err, errNoRequest) && !named {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for i, params := range found {
			o := Operation{Name: file, params: *params}
			if len(found) > 1 {
				o.Name = fmt.Sprintf("%s, number %d", file, i+1)
			}
			o.params.Headers = warmer
			all = append(all, o)
		}
		return nil
	})
	return all, err
}

func readDocument(text []byte) ([]*graphql.RawParams, error) {
	d, err := documents.New("", string(text))
	if err != nil {
		return nil, err
	}
	return []*graphql.RawParams{{Query: d.Body}}, nil
}

var errNoRequest = errors.New(`this is no request: it has neither a "query" nor a "documentId"`)

func readRequests(text []byte) ([]*graphql.RawParams, error) {
	in, ref := decodeBody(text, math.MaxInt)
	if ref != nil {
		return nil, errors.New(ref.message)
	}
	members := in.batch
	if members == nil {
		members = []member{{params: in.params}}
	}
	all := make([]*graphql.RawParams, len(members))
	for i, m := range members {
		switch {
		case m.ref != nil:
			return nil, fmt.Errorf("number %d: %s", i+1, m.ref.message)
		case m.params.Query == "" && len(m.params.Extensions) == 0:
			return nil, errNoRequest
		}
		all[i] = m.params
	}
	return all, nil
}
