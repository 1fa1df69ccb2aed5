package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// bufferSize is how many bytes of values a bufferedRows allocates at a time, at least.
const bufferSize = 4 << 10

// bufferedRows are the rows of one statement, copied before they are scanned: until all results of a round
// trip have arrived, it may have to be repeated on another database. It is not safe for concurrent use.
type bufferedRows struct {
	types  *pgtype.Map
	fields []pgconn.FieldDescription
	rows   [][][]byte
	free   []byte // for values

	next      int // the row after the current one
	scanPlans []pgtype.ScanPlan
	scanTypes []reflect.Type
	err       error
}

var _ pgx.Rows = (*bufferedRows)(nil)

var errNotBuffered = errors.New("store: not available of buffered rows")

// copyRow copies the current row of another Rows. It has the signature of Query.scan.
func (b *bufferedRows) copyRow(from pgx.Rows) error {
	if b.fields == nil {
		b.types, b.fields = from.TypeMap(), slices.Clone(from.FieldDescriptions())
	}
	values := slices.Clone(from.RawValues())
	for i, v := range values {
		if v == nil { // NULL
			continue
		}
		if cap(b.free)-len(b.free) < len(v) {
			b.free = make([]byte, 0, max(bufferSize, len(v)))
		}
		start := len(b.free)
		b.free = append(b.free, v...)
		values[i] = b.free[start:len(b.free):len(b.free)]
	}
	b.rows = append(b.rows, values)
	return nil
}

// Next implements pgx.Rows.
func (b *bufferedRows) Next() bool {
	if b.err != nil || b.next >= len(b.rows) {
		return false
	}
	b.next++
	return true
}

// Scan implements pgx.Rows. It plans the conversions of the columns once, unless the types of dest change.
func (b *bufferedRows) Scan(dest ...any) error {
	if len(dest) != len(b.fields) {
		b.err = fmt.Errorf("store: %d destinations for %d columns", len(dest), len(b.fields))
		return b.err
	}
	if b.scanPlans == nil {
		b.scanPlans, b.scanTypes = make([]pgtype.ScanPlan, len(dest)), make([]reflect.Type, len(dest))
	}
	for i, v := range b.RawValues() {
		if dest[i] == nil {
			continue
		}
		if t := reflect.TypeOf(dest[i]); b.scanTypes[i] != t {
			b.scanPlans[i], b.scanTypes[i] = b.types.PlanScan(b.fields[i].DataTypeOID, b.fields[i].Format, dest[i]), t
		}
		if err := b.scanPlans[i].Scan(v, dest[i]); err != nil {
			b.err = pgx.ScanArgError{ColumnIndex: i, FieldName: b.fields[i].Name, Err: err}
			return b.err
		}
	}
	return nil
}

// RawValues implements pgx.Rows.
func (b *bufferedRows) RawValues() [][]byte { return b.rows[b.next-1] }

// FieldDescriptions implements pgx.Rows.
func (b *bufferedRows) FieldDescriptions() []pgconn.FieldDescription { return b.fields }

// TypeMap implements pgx.Rows.
func (b *bufferedRows) TypeMap() *pgtype.Map { return b.types }

// Err implements pgx.Rows.
func (b *bufferedRows) Err() error { return b.err }

// Close implements pgx.Rows.
func (b *bufferedRows) Close() {}

// CommandTag implements pgx.Rows: it is not buffered.
func (b *bufferedRows) CommandTag() pgconn.CommandTag { return pgconn.CommandTag{} }

// Values implements pgx.Rows: only Scan is.
func (b *bufferedRows) Values() ([]any, error) { return nil, errNotBuffered }

// Conn implements pgx.Rows: there is none.
func (b *bufferedRows) Conn() *pgx.Conn { return nil }
