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

// ReadFiles reads documents from files: manifests of Apollo's or Relay's (.json), plain
// documents (.graphql, .gql), and all of these in directories. What cannot be
// read is named with its file; of a plain file the id is the hash.
func ReadFiles(paths ...string) ([]*Document, error) {
	var all []*Document
	err := WalkFiles(paths, func(file string, text []byte, named bool) error {
		found, err := parseFile(file, text)
		if errors.Is(err, errUnknownFormat) && !named {
			return nil // variables beside their operation, say
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

// WalkFiles hands over files with their text: those that are named, and of directories
// those that may hold documents (.graphql, .gql, .json).
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
			return nil, fmt.Errorf("line %d, column %d: this is not JSON: %w", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'), err)
		}
	}
	return ParseDocuments(text)
}

func isDocumentFile(file string) bool {
	return slices.Contains([]string{".json", ".graphql", ".gql"}, filepath.Ext(file))
}

var errUnknownFormat = errors.New("this is neither Apollo's manifest, nor Relay's map of ids to texts, nor a document")

// ParseDocuments reads the documents of one file: Apollo's manifest
// {"format": "apollo-persisted-query-manifest", "version": 1, "operations": […]},
// Relay's {"id": "text", …} or [["id", "text"], …], or the text of one document.
func ParseDocuments(text []byte) ([]*Document, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) > 0 && trimmed[0] == '[':
		return parseRelayPairs(trimmed)
	case !json.Valid(trimmed): // a document begins with a brace too
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
			return nil, fmt.Errorf("a manifest of format %q, version %d is not known; Apollo's is apollo-persisted-query-manifest, version 1", apollo.Format, apollo.Version)
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
		return nil, errors.New(`a JSON array must hold pairs of Relay's: [["id", "text"], …]`)
	}
	return newDocuments(pairs)
}

func newDocuments(pairs [][2]string) ([]*Document, error) {
	all := make([]*Document, len(pairs))
	for i, p := range pairs {
		if p[0] == "" {
			return nil, fmt.Errorf("number %d has no id", i+1)
		}
		var err error
		if all[i], err = NewDocument(p[0], p[1]); err != nil {
			return nil, fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	return deduplicate(all)
}

// deduplicate leaves out what is there twice, and refuses one id for two texts.
func deduplicate(all []*Document) ([]*Document, error) {
	byID := make(map[string]*Document, len(all))
	kept := all[:0]
	for _, d := range all {
		if known := byID[d.ID]; known == nil {
			byID[d.ID] = d
			kept = append(kept, d)
		} else if known.Hash != d.Hash {
			return nil, fmt.Errorf("the id %s is given to two texts", d.ID)
		}
	}
	return kept, nil
}
