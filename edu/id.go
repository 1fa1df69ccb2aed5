package edu

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Kind is the type of a thing that has a global id; its text is the name of the
// GraphQL type.
type Kind string

// The kinds of things that have a global id.
const (
	KindUser       Kind = "User"
	KindCategory   Kind = "Category"
	KindCourse     Kind = "Course"
	KindVideo      Kind = "Video"
	KindEnrollment Kind = "Enrollment"
	KindReview     Kind = "Review"
)

// ID names one thing in the whole API: a kind and a key. Clients see it as
// base64url of "Course:12" and must not take it apart, as the Relay
// specification for global object identification has it.
type ID struct {
	Kind Kind
	Key  int64

	// invalidText is what a caller sent in place of an id. It is told where the
	// id is used, so that one bad id among a hundred spoils only its own place.
	invalidText string
}

// NewID names the thing of a kind with a key.
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

// UnmarshalGQL reads what MarshalGQL wrote. Anything else becomes an id that no
// kind accepts: see KeyOf.
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

// ParseID reads an id as clients send it. Anything but what String gave is
// refused with BadUserInput.
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
	case KindUser, KindCategory, KindCourse, KindVideo, KindEnrollment, KindReview:
		return NewID(k, n), nil
	}
	return ID{}, invalidIDError(s)
}

func invalidIDError(s string) error {
	return Errorf(BadUserInput, "%s is not an id of this API: send one back as an answer gave it", quoteShortened(s))
}

// Validate refuses what is no id of this API with BadUserInput.
func (id ID) Validate() error {
	if id.Kind == "" {
		return invalidIDError(id.invalidText)
	}
	return nil
}

// KeyForKind returns the key of an id that must be of a kind; another kind, or what
// is no id at all, is refused with BadUserInput.
func (id ID) KeyForKind(kind Kind) (int64, error) {
	if err := id.Validate(); err != nil {
		return 0, err
	}
	if id.Kind != kind {
		return 0, Errorf(BadUserInput, "this is the id of a %s; a %s is wanted here", id.Kind, kind)
	}
	return id.Key, nil
}

// decodeBase64URL reads base64url without padding. The library passes over line breaks,
// which String never made.
func decodeBase64URL(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// quoteShortened shows a caller's text in a message, shortened.
func quoteShortened(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}
