// Package documents is the list of trusted documents: the operations that
// released clients are known to send. It reads manifests, compares and checks
// documents, and counts who still uses them. It must never know of HTTP or SQL.
package documents

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Limits of a document, each told in the refusal.
const (
	MaxID     = 200       // bytes
	MaxBody   = 100 << 10 // bytes, as of a request
	maxTokens = 10_000
)

// Document is an operation that clients know by an id.
type Document struct {
	ID        string // as clients send it; by default the hash
	Operation string // its name, "" for none
	Body      string
	Hash      string // SHA-256 of the body, in hex
	File      string // that it was read from, "" for none

	// RetiredAt is when clients were told to update, nil while it is answered.
	RetiredAt *time.Time
	// MinimumVersion is the first version of the client that does not need it.
	MinimumVersion string

	normal string // the hash of what it says, however it is written
}

// New makes a document of a text. An id of "" becomes the text's hash.
func New(id, body string) (*Document, error) {
	d := &Document{ID: id, Body: body, Hash: Hash(body)}
	if d.ID == "" {
		d.ID = d.Hash
	}
	switch {
	case len(d.ID) > MaxID:
		return nil, fmt.Errorf("its id has %d bytes; %d at most", len(d.ID), MaxID)
	case strings.ContainsFunc(d.ID, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return nil, fmt.Errorf("its id %q holds spaces or control characters", d.ID)
	case len(body) > MaxBody:
		return nil, fmt.Errorf("%s has %d bytes; %d at most", d.ID, len(body), MaxBody)
	}
	if prefix, rest, ok := strings.Cut(d.ID, ":"); ok && (prefix != "sha256" || rest != d.Hash) {
		return nil, fmt.Errorf("its id %q has a colon, which is for sha256:… of the text", d.ID)
	}
	d.ID = strings.TrimPrefix(d.ID, "sha256:")
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: body}, maxTokens)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.ID, err)
	}
	if len(doc.Operations) != 1 {
		return nil, fmt.Errorf("%s holds %d operations; a document holds one", d.ID, len(doc.Operations))
	}
	d.Operation, d.normal = doc.Operations[0].Name, normalHash(doc)
	return d, nil
}

// Check tells what of a document does not fit a schema.
func (d *Document) Check(schema *ast.Schema) error {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: d.Body}, maxTokens)
	if err != nil {
		return err
	}
	var all []error
	for _, problem := range validator.ValidateWithRules(schema, doc, rules.NewDefaultRules()) {
		for _, at := range problem.Locations {
			all = append(all, fmt.Errorf("line %d: %s", at.Line, problem.Message))
		}
	}
	return errors.Join(all...)
}

// Hash returns the SHA-256 of a text, in hex.
func Hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// NormalHash returns the hash of what a text says: white space, commas, comments,
// the order of its definitions and the plain __typename fields that client
// libraries add make no difference. It reports false for what is no document.
func NormalHash(body string) (string, bool) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: body}, maxTokens)
	if err != nil {
		return "", false
	}
	return normalHash(doc), true
}

func normalHash(doc *ast.QueryDocument) string {
	for _, op := range doc.Operations {
		op.SelectionSet = plain(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		f.SelectionSet = plain(f.SelectionSet)
	}
	slices.SortFunc(doc.Operations, func(a, b *ast.OperationDefinition) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(doc.Fragments, func(a, b *ast.FragmentDefinition) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithCompacted()).FormatQueryDocument(doc)
	return Hash(text.String())
}

// plain leaves out the __typename fields that clients add by themselves, unless
// nothing else is selected.
func plain(set ast.SelectionSet) ast.SelectionSet {
	kept := set[:0:0]
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__typename" && s.Alias == s.Name && len(s.Directives) == 0 {
				continue
			}
			s.SelectionSet = plain(s.SelectionSet)
		case *ast.InlineFragment:
			s.SelectionSet = plain(s.SelectionSet)
		}
		kept = append(kept, s)
	}
	if len(kept) == 0 {
		return set
	}
	return kept
}
