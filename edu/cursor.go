package edu

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"time"
)

// Cursor is a position in an ordered list: the name of the order, the sort value of a row, and its
// id, which breaks ties. It names a value and not a row, so it stays valid when rows are added or
// deleted. The zero Cursor is no position.
type Cursor struct {
	Order string
	Value SortValue
	ID    int64
}

// SortValue is a value that rows are sorted by. Kind says which of the other fields is set. Times
// have the microsecond resolution of the database.
type SortValue struct {
	Kind  SortValueKind
	Int   int64
	Float float64
	Text  string
}

// SortValueKind is the type of a SortValue.
type SortValueKind byte

// The kinds of sort values. A decimal number is encoded as text.
const (
	IntValue     SortValueKind = 'i'
	FloatValue   SortValueKind = 'f'
	TextValue    SortValueKind = 's'
	DecimalValue SortValueKind = 'd'
	TimeValue    SortValueKind = 't'
)

// NewIntValue returns the SortValue of an integer.
func NewIntValue(n int64) SortValue { return SortValue{Kind: IntValue, Int: n} }

// NewFloatValue returns the SortValue of a floating-point number.
func NewFloatValue(f float64) SortValue { return SortValue{Kind: FloatValue, Float: f} }

// NewTextValue returns the SortValue of a text.
func NewTextValue(s string) SortValue { return SortValue{Kind: TextValue, Text: s} }

// NewDecimalValue returns the SortValue of an exact decimal number.
func NewDecimalValue(d Decimal) SortValue { return SortValue{Kind: DecimalValue, Text: string(d)} }

// NewTimeValue returns the SortValue of a time.
func NewTimeValue(t time.Time) SortValue { return SortValue{Kind: TimeValue, Int: t.UnixMicro()} }

// QueryParameter returns the value as a parameter of a SQL statement.
func (v SortValue) QueryParameter() any {
	switch v.Kind {
	case IntValue:
		return v.Int
	case FloatValue:
		return v.Float
	case TimeValue:
		return time.UnixMicro(v.Int).UTC()
	default:
		return v.Text
	}
}

// String returns the cursor as clients see it: base64url of the order, the value, the id and a
// checksum, which detects damaged cursors.
func (c Cursor) String() string {
	var buf [128]byte
	b := append(buf[:0], c.Order...)
	b = append(b, 0, byte(c.Value.Kind))
	switch c.Value.Kind {
	case IntValue, TimeValue:
		b = binary.AppendVarint(b, c.Value.Int)
	case FloatValue:
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.Value.Float))
	default:
		b = binary.AppendUvarint(b, uint64(len(c.Value.Text)))
		b = append(b, c.Value.Text...)
	}
	b = binary.AppendVarint(b, c.ID)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor parses a cursor of a list in an order. Damaged cursors and cursors of another list or
// order are rejected with BadUserInput. The message names the argument by name.
func ParseCursor(name, s, order string, kind SortValueKind) (Cursor, error) {
	bad := Errorf(BadUserInput, "%s is not a cursor of this API: use one that an edge or pageInfo returned", name)
	b, err := decodeBase64URL(s)
	if err != nil || len(b) < 4 {
		return Cursor{}, bad
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return Cursor{}, bad
	}
	c, ok := decodeCursor(body)
	// Varints have more than one encoding. An id that is missing or followed by bytes differs too.
	if !ok || c.String() != s {
		return Cursor{}, bad
	}
	if c.Order != order || c.Value.Kind != kind {
		return Cursor{}, Errorf(BadUserInput,
			"%s is a cursor of another list or order: a cursor is valid only in the list and order that returned it", name)
	}
	return c, nil
}

func decodeCursor(b []byte) (Cursor, bool) {
	order, rest, ok := strings.Cut(string(b), "\x00")
	if !ok || rest == "" {
		return Cursor{}, false
	}
	c := Cursor{Order: order, Value: SortValue{Kind: SortValueKind(rest[0])}}
	b = []byte(rest[1:])
	switch c.Value.Kind {
	case IntValue, TimeValue:
		n, size := binary.Varint(b)
		if size <= 0 || (c.Value.Kind == TimeValue && (n < minUnixMicro || n > maxUnixMicro)) {
			return Cursor{}, false
		}
		c.Value.Int, b = n, b[size:]
	case FloatValue:
		if len(b) < 8 {
			return Cursor{}, false
		}
		c.Value.Float, b = math.Float64frombits(binary.BigEndian.Uint64(b)), b[8:]
	case TextValue, DecimalValue:
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return Cursor{}, false
		}
		c.Value.Text, b = string(b[size:size+int(n)]), b[size+int(n):]
		if strings.ContainsRune(c.Value.Text, 0) || strings.ToValidUTF8(c.Value.Text, "") != c.Value.Text ||
			(c.Value.Kind == DecimalValue && !Decimal(c.Value.Text).IsValid()) {
			return Cursor{}, false
		}
	default:
		return Cursor{}, false
	}
	c.ID, _ = binary.Varint(b)
	return c, true
}

// Years 1 to 9999: the range of dates that the database and RFC 3339 share.
var (
	minUnixMicro = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	maxUnixMicro = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)
