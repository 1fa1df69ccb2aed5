// Package persisted is for operations that clients send by a hash or an id: automatic persisted
// queries, and trusted documents, the operations that released clients are known to send. It
// reads manifests, compares and validates documents, and counts their use by client.
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

	"github.com/7p-education/api/internal/gql/coercion"
	"github.com/7p-education/api/internal/observe"
)

// The limits of a document. An error names the limit that a document exceeds.
const (
	MaxIDBytes   = 200
	MaxBodyBytes = 100 << 10 // the default limit of a request, too
	maxTokens    = 10_000
)

// Document is an operation that clients send by an id.
type Document struct {
	ID        string // as clients send it; the hash by default
	Operation string // name of the operation, "" for none
	Body      string
	Hash      string // SHA-256 of the body, in hex
	File      string // from which it was read, "" for none

	// RetiredAt is when the document was retired, nil if it was not. Clients that send a retired
	// document get an error and must update.
	RetiredAt *time.Time
	// MinimumVersion is the first version of the client that does not need the document.
	MinimumVersion string
	// RetiredClients has the same of the clients for which alone the document is retired, by their names.
	RetiredClients map[string]string

	normalizedHash string // see HashNormalized
	identity       *observe.Document
}

// NewDocument returns the document of a text. If the id is "", it is the hash of the text.
func NewDocument(id, body string) (*Document, error) {
	d := &Document{ID: id, Body: body, Hash: HashText(body)}
	if d.ID == "" {
		d.ID = d.Hash
	}
	switch {
	case len(d.ID) > MaxIDBytes:
		return nil, fmt.Errorf("document id has %d bytes; at most %d are allowed", len(d.ID), MaxIDBytes)
	case strings.ContainsFunc(d.ID, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return nil, fmt.Errorf("document id %q contains spaces or control characters", d.ID)
	case len(body) > MaxBodyBytes:
		return nil, fmt.Errorf("document %s has %d bytes; at most %d are allowed", d.ID, len(body), MaxBodyBytes)
	}
	if prefix, rest, ok := strings.Cut(d.ID, ":"); ok && (prefix != "sha256" || rest != d.Hash) {
		return nil, fmt.Errorf("document id %q contains a colon, which is reserved for sha256:… of the text", d.ID)
	}
	d.ID = strings.TrimPrefix(d.ID, "sha256:")
	query, err := parseQuery(body)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID, err)
	}
	if len(query.Operations) != 1 {
		return nil, fmt.Errorf("document %s has %d operations; exactly one is allowed", d.ID, len(query.Operations))
	}
	d.Operation = query.Operations[0].Name
	d.normalizedHash = normalizeAndHash(query)
	d.identity = &observe.Document{ID: d.ID, Trusted: true, Operation: d.Operation}
	return d, nil
}

// ValidateAgainst returns the errors of a document that is not valid for a schema, with their
// lines.
func (d *Document) ValidateAgainst(schema *ast.Schema) error {
	query, err := parseQuery(d.Body)
	if err != nil {
		return err
	}
	var all []error
	for _, problem := range validator.ValidateWithRules(schema, query, coercion.Rules()) {
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

// HashNormalized returns the hash of a text in its normal form, without regard to white space,
// commas, comments, the order of the definitions, and the plain __typename fields that client
// libraries add. It returns false if the text is not a GraphQL document.
func HashNormalized(body string) (string, bool) {
	query, err := parseQuery(body)
	if err != nil {
		return "", false
	}
	return normalizeAndHash(query), true
}

func parseQuery(body string) (*ast.QueryDocument, error) {
	return parser.ParseQueryWithTokenLimit(&ast.Source{Input: body}, maxTokens)
}

// normalizeAndHash brings a document into its normal form, in place, and returns the hash of its
// text.
func normalizeAndHash(query *ast.QueryDocument) string {
	for _, op := range query.Operations {
		op.SelectionSet = stripTypename(op.SelectionSet)
	}
	for _, f := range query.Fragments {
		f.SelectionSet = stripTypename(f.SelectionSet)
	}
	slices.SortFunc(query.Operations, func(a, b *ast.OperationDefinition) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(query.Fragments, func(a, b *ast.FragmentDefinition) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithCompacted()).FormatQueryDocument(query)
	return HashText(text.String())
}

// stripTypename returns the set without the plain __typename fields that client libraries add,
// unless it has no others.
func stripTypename(set ast.SelectionSet) ast.SelectionSet {
	stripped := set[:0:0]
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
		stripped = append(stripped, s)
	}
	if len(stripped) == 0 {
		return set
	}
	return stripped
}
