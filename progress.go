package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// say tells the person at the terminal what the program does; the log is for
// machines and goes to standard output.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// bar shows how far a load is: one line that is written over on a terminal, a
// line a table elsewhere.
type bar struct {
	out      *os.File
	terminal bool
	table    string
	last     time.Time
}

func newBar(out *os.File) *bar {
	info, err := out.Stat()
	return &bar{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (b *bar) show(table string, done, total int64) {
	if !b.terminal {
		if table != b.table {
			b.table = table
			fmt.Fprintf(b.out, "  loading %s (%d)\n", table, total)
		}
		return
	}
	if done < total && table == b.table && time.Since(b.last) < 50*time.Millisecond {
		return
	}
	b.table, b.last = table, time.Now()
	const width = 30
	filled := width
	if total > 0 {
		filled = int(width * done / total)
	}
	fmt.Fprintf(b.out, "\r\x1b[K  %-20s [%s%s] %d/%d", table, strings.Repeat("█", filled), strings.Repeat("·", width-filled), done, total)
}

func (b *bar) end() {
	if b.terminal {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}
