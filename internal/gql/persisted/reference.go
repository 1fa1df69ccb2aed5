package persisted

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
)

const (
	// extensionPersistedQuery is the extension of a request that has the hash of its text.
	extensionPersistedQuery = "persistedQuery"
	// ExtensionDocumentID is the extension under which the transport passes on the parameter
	// documentId, the id of a document: gqlgen has no place of its own for it.
	ExtensionDocumentID = "documentId"
)

// references are the ways in which a request names its document.
type references struct {
	id   string // a document's own id, or sha256: with the hash; "" for none
	hash string // hash of the text, "" for none
	// inExtension is whether the id comes from extensions.persistedQuery, Apollo's form.
	inExtension bool
}

func (r references) isEmpty() bool { return r.id == "" && r.hash == "" }

// key returns the id or the hash by which the list has the document.
func (r references) key() string { return cmp.Or(r.hash, r.id) }

// parseReferences returns the document id and the hash that a request has. Apollo's clients send the
// id of their manifest as the hash, whether it is one or not.
func parseReferences(r *graphql.RawParams) (references, *gqlerror.Error) {
	var extension references
	if value := r.Extensions[extensionPersistedQuery]; value != nil {
		var err *gqlerror.Error
		if extension, err = parsePersistedQuery(value); err != nil {
			return references{}, err
		}
	}
	text, _ := r.Extensions[ExtensionDocumentID].(string)
	document, ok := parseDocumentID(text)
	switch {
	case !ok:
		return references{}, badRequest("a documentId of sha256: goes on with 64 lower-case hex digits")
	case document.isEmpty():
		return extension, nil
	case extension.isEmpty() || extension.key() == document.key():
		return document, nil
	case document.hash != "" && extension.hash != "":
		return references{}, badRequest("the documentId and extensions.persistedQuery name different documents")
	}
	return references{}, badRequest("send a documentId or extensions.persistedQuery, not both")
}

// parseDocumentID returns the references of an id, which sha256: marks as a hash. It returns false if
// the hash is malformed.
func parseDocumentID(id string) (references, bool) {
	hash, prefixed := strings.CutPrefix(id, "sha256:")
	if !prefixed {
		return references{id: id}, true
	}
	return references{id: id, hash: hash}, isSHA256Hex(hash)
}

// parsePersistedQuery returns the hash, or the id in its place, of an extension persistedQuery. A hash
// becomes a key of the store, so it has the form of one.
func parsePersistedQuery(extension any) (references, *gqlerror.Error) {
	o, ok := extension.(map[string]any)
	if !ok {
		return references{}, badRequest(`extensions.persistedQuery must be an object such as {"version":1,"sha256Hash":"…"}`)
	}
	version, _ := o["version"].(json.Number)
	if n, err := version.Float64(); err != nil || n != 1 {
		return references{}, badRequest("Unsupported persisted query version: extensions.persistedQuery.version must be 1")
	}
	text, _ := o["sha256Hash"].(string)
	if isSHA256Hex(text) {
		return references{hash: text}, nil
	}
	found, ok := parseDocumentID(text)
	if !ok || found.isEmpty() {
		return references{}, malformedHash()
	}
	found.inExtension = true
	return found, nil
}

// malformedHash returns the error of a hash that is neither one nor the id of a document.
func malformedHash() *gqlerror.Error {
	return badRequest("extensions.persistedQuery.sha256Hash must be the SHA-256 of the query's text in 64 lower-case hex digits, or the id of a document in the list")
}

func badRequest(message string) *gqlerror.Error {
	return response.ErrorWithCode(response.CodeBadRequest, message)
}

func isSHA256Hex(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// truncateID shortens an id for messages.
func truncateID(id string) string {
	return strings.ToValidUTF8(id[:min(len(id), MaxIDBytes)], "")
}

// ClientHeaders are the headers in which clients send their names and their versions, in turn.
var ClientHeaders = []string{"Apollographql-Client-Name", "Apollographql-Client-Version", "Graphql-Client-Name", "Graphql-Client-Version"}

// ClientNameVersion returns the name and the version that the client sends, "" for none.
func ClientNameVersion(headers map[string][]string) (name, version string) {
	for i := 0; i < len(ClientHeaders); i += 2 {
		if name = firstValue(headers[ClientHeaders[i]]); name != "" {
			return name, firstValue(headers[ClientHeaders[i+1]])
		}
	}
	return "", ""
}

func firstValue(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
