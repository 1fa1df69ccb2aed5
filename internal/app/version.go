package app

import (
	"crypto/rand"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/7p-education/api/internal/telemetry"
)

// build is what Go records of the binary; texts are empty if it is not known.
type build struct {
	version, goVersion, revision string
	modified                     bool // by changes that are not committed
}

func readBuild() (b build) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version, b.goVersion = info.Main.Version, info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}

// BuildVersion returns the module version, the Go version and the revision of the binary.
func BuildVersion() string {
	b := readBuild()
	text := strings.Join(strings.Fields("7p "+b.version+" "+b.goVersion+" "+b.revision), " ")
	if b.modified {
		text += " modified"
	}
	return text
}

// addBuildInfo registers the metric of the build.
func addBuildInfo(m *telemetry.Metrics) {
	b := readBuild()
	m.RegisterGauge("sevenp_build_info", "The build of the process; the value is 1.", func() float64 { return 1 },
		"version", b.version, "go_version", b.goVersion, "revision", b.revision, "modified", strconv.FormatBool(b.modified))
}

// buildFingerprint returns a text that differs between any two builds of different code, so that
// they do not share cached responses. It is the version if that identifies the code, and otherwise
// Go's build id of the executable, or its hash if it has none.
func buildFingerprint() string {
	if b := readBuild(); b.revision != "" && !b.modified {
		return BuildVersion()
	}
	if file, err := os.Executable(); err == nil {
		if id := readBuildID(file); id != "" {
			return id
		}
		if hash, err := hashFile(file); err == nil {
			return hash
		}
	}
	return rand.Text() // shared with no other process
}

// readBuildID returns the id that Go's linker stores in an ELF file, which has the hash of the file's content; "" if there
// is none. It takes 0.1 ms, where the hash of the file takes a third of the time of a start.
func readBuildID(file string) string {
	f, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	section := f.Section(".note.go.buildid")
	if section == nil {
		return ""
	}
	note, err := section.Data()
	if err != nil || len(note) <= elfNoteHeader {
		return ""
	}
	return strings.TrimRight(string(note[elfNoteHeader:]), "\x00")
}

// elfNoteHeader is the length of the three numbers and the name, "Go", before the text of a note.
const elfNoteHeader = 3*4 + 4

// hashFile returns the SHA-256 of a file; 50 MB take 0.03 s.
func hashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
