package persisted

import (
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

// parseReferences returns the document id and the hash that a request has, "" for none.
func parseReferences(r *graphql.RawParams) (id, hash string, err *gqlerror.Error) {
	if value := r.Extensions[extensionPersistedQuery]; value != nil {
		if hash, err = parsePersistedHash(value); err != nil {
			return "", "", err
		}
	}
	id, _ = r.Extensions[ExtensionDocumentID].(string)
	prefix, rest, prefixed := strings.Cut(id, ":")
	if prefixed && prefix == "sha256" {
		if !isSHA256Hex(rest) {
			return "", "", badRequest("a documentId of sha256: goes on with 64 lower-case hex digits")
		}
		if hash != "" && hash != rest {
			return "", "", badRequest("the documentId and extensions.persistedQuery name different documents")
		}
		return id, rest, nil
	}
	if id != "" && hash != "" {
		return "", "", badRequest("send a documentId or extensions.persistedQuery, not both")
	}
	return id, hash, nil
}

// parsePersistedHash returns the hash of an extension persistedQuery. It validates the hash, which
// becomes a key of the store.
func parsePersistedHash(extension any) (string, *gqlerror.Error) {
	o, ok := extension.(map[string]any)
	if !ok {
		return "", badRequest(`extensions.persistedQuery must be an object such as {"version":1,"sha256Hash":"…"}`)
	}
	version, _ := o["version"].(json.Number)
	if n, err := version.Float64(); err != nil || n != 1 {
		return "", badRequest("Unsupported persisted query version: extensions.persistedQuery.version must be 1")
	}
	hash, _ := o["sha256Hash"].(string)
	if !isSHA256Hex(hash) {
		return "", badRequest("extensions.persistedQuery.sha256Hash must be the SHA-256 of the query's text in 64 lower-case hex digits")
	}
	return hash, nil
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

// clientNameVersion returns the name and the version that the client sends, "" for none.
func clientNameVersion(r *graphql.RawParams) (name, version string) {
	for _, prefix := range []string{"Apollographql-Client-", "Graphql-Client-"} {
		if name = r.Headers.Get(prefix + "Name"); name != "" {
			return name, r.Headers.Get(prefix + "Version")
		}
	}
	return "", ""
}
