package persisted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// ReadFiles reads documents from files: manifests of Apollo or Relay (.json), plain documents
// (.graphql, .gql), and all of these in directories. An error names its file. The id of a plain
// document is its hash.
func ReadFiles(paths ...string) ([]*Document, error) {
	var all []*Document
	err := WalkFiles(paths, func(file string, text []byte, named bool) error {
		found, err := parseFile(file, text)
		if errors.Is(err, errUnknownFormat) && !named {
			return nil // the variables of an operation, for example
		}
		for _, d := range found {
			d.File = file
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, found...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return deduplicate(all)
}

// WalkFiles calls visit for each file with its text: for the named files, and for those in named
// directories that may hold documents (.graphql, .gql, .json). named is true for named files.
func WalkFiles(paths []string, visit func(file string, text []byte, named bool) error) error {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || (file != path && !isDocumentFile(file)) {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return visit(file, text, file == path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func parseFile(file string, text []byte) ([]*Document, error) {
	if filepath.Ext(file) == ".json" {
		var syntax *json.SyntaxError
		if err := json.Unmarshal(text, new(any)); errors.As(err, &syntax) {
			before := text[:max(0, syntax.Offset-1)]
			return nil, fmt.Errorf("line %d, column %d: invalid JSON: %w", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'), err)
		}
	}
	return ParseDocuments(text)
}

func isDocumentFile(file string) bool {
	return slices.Contains([]string{".json", ".graphql", ".gql"}, filepath.Ext(file))
}

var errUnknownFormat = errors.New("unknown format: expected an Apollo manifest, a Relay map of ids to texts, or a document")

// ParseDocuments parses the documents of one file: an Apollo manifest
// {"format": "apollo-persisted-query-manifest", "version": 1, "operations": […]},
// a Relay map {"id": "text", …} or list [["id", "text"], …], or the text of one document.
func ParseDocuments(text []byte) ([]*Document, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) > 0 && trimmed[0] == '[':
		return parseRelayPairs(trimmed)
	case !json.Valid(trimmed): // a document may begin with a brace, too
		d, err := NewDocument("", string(text))
		if err != nil {
			return nil, err
		}
		return []*Document{d}, nil
	}
	var apollo struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID   string `json:"id"`
			Body string `json:"body"`
		} `json:"operations"`
	}
	if err := json.Unmarshal(trimmed, &apollo); err == nil && apollo.Format != "" {
		if apollo.Format != "apollo-persisted-query-manifest" || apollo.Version != 1 {
			return nil, fmt.Errorf("unknown manifest format %q, version %d: expected apollo-persisted-query-manifest, version 1", apollo.Format, apollo.Version)
		}
		var pairs [][2]string
		for _, o := range apollo.Operations {
			pairs = append(pairs, [2]string{o.ID, o.Body})
		}
		return newDocuments(pairs)
	}
	var relay map[string]string
	if err := json.Unmarshal(trimmed, &relay); err != nil {
		return nil, errUnknownFormat
	}
	var pairs [][2]string
	for _, id := range slices.Sorted(maps.Keys(relay)) {
		pairs = append(pairs, [2]string{id, relay[id]})
	}
	return newDocuments(pairs)
}

func parseRelayPairs(text []byte) ([]*Document, error) {
	var pairs [][2]string
	if err := json.Unmarshal(text, &pairs); err != nil {
		return nil, errors.New(`invalid Relay list: expected pairs [["id", "text"], …]`)
	}
	return newDocuments(pairs)
}

func newDocuments(pairs [][2]string) ([]*Document, error) {
	all := make([]*Document, len(pairs))
	for i, p := range pairs {
		if p[0] == "" {
			return nil, fmt.Errorf("entry %d has no id", i+1)
		}
		var err error
		if all[i], err = NewDocument(p[0], p[1]); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return deduplicate(all)
}

// deduplicate removes repeated documents. It returns an error if one id stands for two texts.
func deduplicate(all []*Document) ([]*Document, error) {
	byID := make(map[string]*Document, len(all))
	distinct := all[:0]
	for _, d := range all {
		if known := byID[d.ID]; known == nil {
			byID[d.ID] = d
			distinct = append(distinct, d)
		} else if known.Hash != d.Hash {
			return nil, fmt.Errorf("document id %s has two texts", d.ID)
		}
	}
	return distinct, nil
}
