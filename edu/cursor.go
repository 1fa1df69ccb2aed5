package edu

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"time"
)

// Cursor is a place in an ordered list: the order's name, the value that the
// row there is ordered by, and its id, which breaks ties. It names a value and
// not a row, so it stays good when rows come and go. The zero Cursor is none.
type Cursor struct {
	Order string
	Value Value
	ID    int64
}

// Value is what rows are ordered by. Exactly one field is used, by what the
// order sorts; times have the microseconds of the database.
type Value struct {
	Kind  ValueKind
	Int   int64
	Float float64
	Text  string
}

// ValueKind says which field of a Value is used.
type ValueKind byte

// The kinds of values. A decimal number travels as text.
const (
	IntValue     ValueKind = 'i'
	FloatValue   ValueKind = 'f'
	TextValue    ValueKind = 's'
	DecimalValue ValueKind = 'd'
	TimeValue    ValueKind = 't'
)

// IntOf makes a Value of a whole number.
func IntOf(n int64) Value { return Value{Kind: IntValue, Int: n} }

// FloatOf makes a Value of a floating point number.
func FloatOf(f float64) Value { return Value{Kind: FloatValue, Float: f} }

// TextOf makes a Value of a text.
func TextOf(s string) Value { return Value{Kind: TextValue, Text: s} }

// DecimalOf makes a Value of an exact decimal number.
func DecimalOf(d Decimal) Value { return Value{Kind: DecimalValue, Text: string(d)} }

// TimeOf makes a Value of a time.
func TimeOf(t time.Time) Value { return Value{Kind: TimeValue, Int: t.UnixMicro()} }

// Any returns the value as a parameter of a statement.
func (v Value) Any() any {
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

// String returns the cursor as clients see it: base64url over the order, the
// value, the id and a checksum, which tells a damaged cursor from a good one.
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

// ParseCursor reads a cursor of a list in an order. A damaged one and one of
// another list or order are refused with BadUserInput; name is the argument's,
// for the message.
func ParseCursor(name, s, order string, kind ValueKind) (Cursor, error) {
	bad := Errorf(BadUserInput, "%s is not a cursor of this API: send one back as an edge or pageInfo gave it", name)
	b, err := decode(s)
	if err != nil || len(b) < 4 {
		return Cursor{}, bad
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return Cursor{}, bad
	}
	c, ok := readCursor(body)
	if !ok || c.String() != s { // numbers can be written in more ways than ours
		return Cursor{}, bad
	}
	if c.Order != order || c.Value.Kind != kind {
		return Cursor{}, Errorf(BadUserInput,
			"%s is a cursor of another list or order: a cursor is good only where it came from", name)
	}
	return c, nil
}

func readCursor(b []byte) (Cursor, bool) {
	order, rest, ok := strings.Cut(string(b), "\x00")
	if !ok || rest == "" {
		return Cursor{}, false
	}
	c := Cursor{Order: order, Value: Value{Kind: ValueKind(rest[0])}}
	b = []byte(rest[1:])
	switch c.Value.Kind {
	case IntValue, TimeValue:
		n, size := binary.Varint(b)
		if size <= 0 || (c.Value.Kind == TimeValue && (n < minMicro || n > maxMicro)) {
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
			(c.Value.Kind == DecimalValue && !Decimal(c.Value.Text).Valid()) {
			return Cursor{}, false
		}
	default:
		return Cursor{}, false
	}
	n, size := binary.Varint(b)
	c.ID = n
	return c, size > 0 && size == len(b)
}

// Years 1 to 9999: what a date in a database and in RFC 3339 can hold.
var (
	minMicro = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	maxMicro = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)
