package store

import "context"

// ReadMeter counts the rows that an operation reads, and limits them.
type ReadMeter interface {
	// CountRows counts rows, and the bytes of their values as PostgreSQL sent them. An error ends the
	// read.
	CountRows(rows, bytes int) error
}

type readMeterKey struct{}

// WithReadMeter returns a context under which all reads are counted by m. The rows of a read that
// exceeds a limit are not all read: its connection is closed.
func WithReadMeter(ctx context.Context, m ReadMeter) context.Context {
	return context.WithValue(ctx, readMeterKey{}, m)
}

// readMeterFromContext returns the meter of the context, or nil.
func readMeterFromContext(ctx context.Context) ReadMeter {
	m, _ := ctx.Value(readMeterKey{}).(ReadMeter)
	return m
}

// countedAtOnce is how many bytes of rows are read before they are counted.
const countedAtOnce = 16 << 10

// rowCounter counts the rows of one round trip.
type rowCounter struct {
	meter       ReadMeter // nil to count nothing
	abandon     func()    // ends the statements of the round trip
	rows, bytes int       // not reported yet
}

// countRow counts a row before it is scanned.
func (c *rowCounter) countRow(values [][]byte) error {
	if c.meter == nil {
		return nil
	}
	c.rows++
	for _, v := range values {
		c.bytes += len(v)
	}
	if c.bytes < countedAtOnce {
		return nil
	}
	return c.report()
}

// report reports the counted rows to the meter.
func (c *rowCounter) report() error {
	if c.rows == 0 {
		return nil
	}
	err := c.meter.CountRows(c.rows, c.bytes)
	c.rows, c.bytes = 0, 0
	if err != nil {
		c.abandon()
	}
	return err
}
