//go:build !linux

package parked

import (
	"errors"
	"syscall"
)

// Poller is available on Linux only: elsewhere each connection has a goroutine that reads.
type Poller struct{}

// Reader is called when its connection can be read.
type Reader interface{ Readable() }

// Watch is a connection of a Poller.
type Watch struct{}

// Add returns errors.ErrUnsupported.
func (p *Poller) Add(syscall.RawConn, Reader) (*Watch, error) { return nil, errors.ErrUnsupported }

// Rearm returns errors.ErrUnsupported.
func (w *Watch) Rearm() error { return errors.ErrUnsupported }

// Remove does nothing.
func (w *Watch) Remove() {}

// writeNonblocking writes nothing: a goroutine writes all.
func writeNonblocking(uintptr, []byte) (int, error) { return 0, nil }

// readNonblocking returns errors.ErrUnsupported.
func readNonblocking(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
