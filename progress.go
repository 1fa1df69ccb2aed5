package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// status tells the person at the terminal what the program does; the log is for
// machines and goes to standard output.
func status(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// progressBar shows how far a load is: one line that is written over on a terminal, a
// line a table elsewhere.
type progressBar struct {
	out        *os.File
	isTerminal bool
	table      string
	lastDrawn  time.Time
}

func newProgressBar(out *os.File) *progressBar {
	info, err := out.Stat()
	return &progressBar{out: out, isTerminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (b *progressBar) showProgress(table string, done, total int64) {
	if !b.isTerminal {
		if table != b.table {
			b.table = table
			fmt.Fprintf(b.out, "  loading %s (%d)\n", table, total)
		}
		return
	}
	if done < total && table == b.table && time.Since(b.lastDrawn) < 50*time.Millisecond {
		return
	}
	b.table, b.lastDrawn = table, time.Now()
	const width = 30
	filled := width
	if total > 0 {
		filled = int(width * done / total)
	}
	fmt.Fprintf(b.out, "\r\x1b[K  %-20s [%s%s] %d/%d", table, strings.Repeat("█", filled), strings.Repeat("·", width-filled), done, total)
}

func (b *progressBar) clearLine() {
	if b.isTerminal {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}
