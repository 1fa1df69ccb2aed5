package edu

import (
	"encoding/hex"
	"strings"
	"time"
)

// Certificate states that a user completed a course.
type Certificate struct {
	ID          int64
	Code        string // a UUID
	UserID      int64
	CourseID    int64
	CourseTitle string // when the course was completed
	IssuedAt    time.Time
}

// GlobalID returns the global id of the certificate.
func (c *Certificate) GlobalID() ID { return NewID(KindCertificate, c.ID) }

// IsNode marks a Certificate as a Node of the GraphQL schema.
func (*Certificate) IsNode() {}

// CertificateOrder is the only order of a user's certificates: the last issued first.
var CertificateOrder = SortOrder{Name: "certificates", Kind: TimeValue, Desc: true}

// PageCursor returns the cursor of the certificate in the list of its user.
func (c *Certificate) PageCursor() Cursor {
	return Cursor{Order: CertificateOrder.Name, Value: NewTimeValue(c.IssuedAt), ID: c.ID}
}

// ParseCertificateCode returns a code in the form of the database, and whether the text can be one. People
// type codes: case, blanks and hyphens do not matter.
func ParseCertificateCode(text string) (code string, ok bool) {
	digits := strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == '-' || r == ' ' }), "")
	_, err := hex.DecodeString(digits)
	return digits, err == nil && len(digits) == 32
}
