package terminal

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// redrawInterval is the shortest time between two drawings of the bar of one table.
const redrawInterval = 50 * time.Millisecond

// ProgressBar shows the progress of a load. On a terminal it is one line that is overwritten;
// elsewhere it is one line for each table.
type ProgressBar struct {
	out        *os.File
	isTerminal bool
	table      string
	lastDrawn  time.Time
}

// NewProgressBar returns a progress bar that is written to a file.
func NewProgressBar(out *os.File) *ProgressBar {
	info, err := out.Stat()
	return &ProgressBar{out: out, isTerminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// ShowProgress draws the bar of a table of which done rows of total are loaded.
func (b *ProgressBar) ShowProgress(table string, done, total int64) {
	if !b.isTerminal {
		if table != b.table {
			b.table = table
			fmt.Fprintf(b.out, "  loading %s (%d)\n", table, total)
		}
		return
	}
	if done < total && table == b.table && time.Since(b.lastDrawn) < redrawInterval {
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

// ClearLine removes the bar from a terminal.
func (b *ProgressBar) ClearLine() {
	if b.isTerminal {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}
