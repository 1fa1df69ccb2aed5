package embedpg

import (
	"errors"
	"fmt"
)

// ErrNoBinaries is wrapped by the error of Start if it finds no usable initdb and postgres. The whole
// error lists the remedies, one a line.
var ErrNoBinaries = errors.New("no usable PostgreSQL binaries")

// noBinariesError has a long message, because it may be the first thing that a newcomer sees.
type noBinariesError struct {
	needed, found, searched string
	major                   int
}

func (e *noBinariesError) Unwrap() error { return ErrNoBinaries }

func (e *noBinariesError) Error() string {
	return fmt.Sprintf(`%s is needed and wasn't found
  found:    %s
  searched: %s
Any one of these helps:
  set DATABASE_URL to a PostgreSQL that runs already
  Debian, Ubuntu:  apt-get install -y --no-install-recommends postgresql-%[4]d
  Fedora:          dnf install -y postgresql%[4]d-server postgresql%[4]d-contrib
  Alpine:          apk add postgresql%[4]d postgresql%[4]d-contrib
  macOS:           brew install postgresql@%[4]d`, e.needed, e.found, e.searched, e.major)
}
