// Package terminal prints what the program does for the person at the terminal. It writes to
// standard error: standard output has the log of a server, or the result of a command.
package terminal

import (
	"fmt"
	"os"
)

// PrintStatus prints one line to standard error.
func PrintStatus(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
