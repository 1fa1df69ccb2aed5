// Package documents is the list of trusted documents: the operations that
// released clients are known to send. It reads manifests, compares and checks
// documents, and counts who still uses them. It must never know of HTTP or SQL.
package persisted

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
	MaxIDBytes   = 200       // bytes
	MaxBodyBytes = 100 << 10 // bytes, as of a request
	maxTokens    = 10_000
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

	normalizedHash string // the hash of what it says, however it is written
}

// NewDocument makes a document of a text. An id of "" becomes the text's hash.
func NewDocument(id, body string) (*Document, error) {
	d := &Document{ID: id, Body: body, Hash: HashText(body)}
	if d.ID == "" {
		d.ID = d.Hash
	}
	switch {
	case len(d.ID) > MaxIDBytes:
		return nil, fmt.Errorf("its id has %d bytes; %d at most", len(d.ID), MaxIDBytes)
	case strings.ContainsFunc(d.ID, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return nil, fmt.Errorf("its id %q holds spaces or control characters", d.ID)
	case len(body) > MaxBodyBytes:
		return nil, fmt.Errorf("%s has %d bytes; %d at most", d.ID, len(body), MaxBodyBytes)
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
	d.Operation, d.normalizedHash = doc.Operations[0].Name, hashDocument(doc)
	return d, nil
}

// ValidateAgainst tells what of a document does not fit a schema.
func (d *Document) ValidateAgainst(schema *ast.Schema) error {
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

// HashText returns the SHA-256 of a text, in hex.
func HashText(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// HashNormalized returns the hash of what a text says: white space, commas, comments,
// the order of its definitions and the plain __typename fields that client
// libraries add make no difference. It reports false for what is no document.
func HashNormalized(body string) (string, bool) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: body}, maxTokens)
	if err != nil {
		return "", false
	}
	return hashDocument(doc), true
}

func hashDocument(doc *ast.QueryDocument) string {
	for _, op := range doc.Operations {
		op.SelectionSet = stripTypename(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		f.SelectionSet = stripTypename(f.SelectionSet)
	}
	slices.SortFunc(doc.Operations, func(a, b *ast.OperationDefinition) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(doc.Fragments, func(a, b *ast.FragmentDefinition) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithCompacted()).FormatQueryDocument(doc)
	return HashText(text.String())
}

// stripTypename leaves out the __typename fields that clients add by themselves, unless
// nothing else is selected.
func stripTypename(set ast.SelectionSet) ast.SelectionSet {
	kept := set[:0:0]
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__typename" && s.Alias == s.Name && len(s.Directives) == 0 {
				continue
			}
			s.SelectionSet = stripTypename(s.SelectionSet)
		case *ast.InlineFragment:
			s.SelectionSet = stripTypename(s.SelectionSet)
		}
		kept = append(kept, s)
	}
	if len(kept) == 0 {
		return set
	}
	return kept
}
