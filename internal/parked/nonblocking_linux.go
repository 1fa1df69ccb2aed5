package parked

import (
	"errors"

	"golang.org/x/sys/unix"
)

// writeNonblocking returns how many bytes were written without blocking.
func writeNonblocking(fd uintptr, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := unix.Write(int(fd), b[n:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return n, nil
		case err != nil:
			return n, err
		}
		n += m
	}
	return n, nil
}

// readNonblocking returns how many bytes were read, 0 at the end, and unix.EAGAIN if there are none yet.
func readNonblocking(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), b)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
