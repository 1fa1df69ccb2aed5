package edu

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Kind is the type of a node. Its text is the name of the GraphQL type.
type Kind string

// The kinds of nodes.
const (
	KindUser        Kind = "User"
	KindCategory    Kind = "Category"
	KindCourse      Kind = "Course"
	KindSection     Kind = "Section"
	KindVideo       Kind = "Video"
	KindEnrollment  Kind = "Enrollment"
	KindReview      Kind = "Review"
	KindCertificate Kind = "Certificate"
	KindSession     Kind = "Session" // not a node: only its user can name it
)

// ID is a global id: the kind of a node and its key. Clients see base64url of "Course:12" and must
// treat it as opaque, as the Relay specification for global object identification requires.
type ID struct {
	Kind Kind
	Key  int64

	// invalidText is the text that a client sent in place of an id. It is reported where the id is
	// used, so that one invalid id among a hundred fails only its own place.
	invalidText string
}

// NewID returns the id of a kind and a key.
func NewID(kind Kind, key int64) ID { return ID{Kind: kind, Key: key} }

// AppendJSON appends the id as a JSON string.
func (id ID) AppendJSON(to []byte) []byte {
	var plain [40]byte
	b := append(plain[:0], id.Kind...)
	b = append(b, ':')
	b = strconv.AppendInt(b, id.Key, 10)
	to = append(to, '"')
	to = base64.RawURLEncoding.AppendEncode(to, b)
	return append(to, '"')
}

// MarshalGQL writes the id as a JSON string.
func (id ID) MarshalGQL(w io.Writer) { _, _ = w.Write(id.AppendJSON(nil)) }

// UnmarshalGQL parses the text that MarshalGQL writes. Any other text becomes an id that no kind
// accepts: see KeyForKind.
func (id *ID) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		s = fmt.Sprint(v)
	}
	parsed, err := ParseID(s)
	if err != nil {
		parsed = ID{invalidText: s}
	}
	*id = parsed
	return nil
}

// String returns the id as clients see it.
func (id ID) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(id.Kind) + ":" + strconv.FormatInt(id.Key, 10)))
}

// ParseID parses an id that a client sent. Any text that String does not return is rejected with
// BadUserInput.
func ParseID(s string) (ID, error) {
	plain, err := decodeBase64URL(s)
	if err != nil {
		return ID{}, invalidIDError(s)
	}
	kind, key, _ := strings.Cut(string(plain), ":")
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != key {
		return ID{}, invalidIDError(s)
	}
	switch k := Kind(kind); k {
	case KindUser, KindCategory, KindCourse, KindSection, KindVideo, KindEnrollment, KindReview, KindCertificate, KindSession:
		return NewID(k, n), nil
	}
	return ID{}, invalidIDError(s)
}

func invalidIDError(s string) error {
	return Errorf(BadUserInput, "%s is not an id of this API: use one that the API returned", quoteShortened(s))
}

// Validate rejects invalid ids with BadUserInput.
func (id ID) Validate() error {
	if id.Kind == "" {
		return invalidIDError(id.invalidText)
	}
	return nil
}

// KeyForKind returns the key of an id. Ids of another kind and invalid ids are rejected with
// BadUserInput.
func (id ID) KeyForKind(kind Kind) (int64, error) {
	if err := id.Validate(); err != nil {
		return 0, err
	}
	if id.Kind != kind {
		return 0, Errorf(BadUserInput, "expected an id of type %s; got one of type %s", kind, id.Kind)
	}
	return id.Key, nil
}

// decodeBase64URL decodes base64url without padding. It rejects line breaks, which the standard
// library ignores and String never writes.
func decodeBase64URL(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// quoteShortened quotes text of a client for a message, shortened to 40 bytes.
func quoteShortened(s string) string {
	const maxLength = 40
	if len(s) > maxLength {
		s = strings.ToValidUTF8(s[:maxLength], "") + "…"
	}
	return strconv.Quote(s)
}

// Node is an entity with a global id.
type Node interface{ IsNode() }
