package frontend

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// codingDelta is the content coding of zstd with a dictionary (RFC 9842, section 5).
	codingDelta = "dcz"
	// deltaMagic is the start of a body in that coding: the header of a skippable frame with the SHA-256 of the dictionary.
	deltaMagic = "\x5e\x2a\x4d\x18\x20\x00\x00\x00"
	// hashLength is the length of the hash in the name of an asset, such as app-DVFYp-Rd.js.
	hashLength = 8
)

// scriptName returns the part of a script's name that is the same in all releases, app of app-DVFYp-Rd.js, and "" for
// other files.
func scriptName(file string) string {
	name, isScript := strings.CutSuffix(file, ".js")
	if end := len(name) - hashLength - 1; isScript && end > 0 && name[end] == '-' {
		return name[:end]
	}
	return ""
}

// addDeltas adds to the assets their differences to the scripts of the same name in the previous release. The files of
// these are named by their contents: app-<SHA-256 in hexadecimal>.js.br.
func addDeltas(all map[string]*asset, previous fs.FS) error {
	files, err := fs.Glob(previous, "*-*.js.br")
	if err != nil {
		return err
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".js.br")
		end := strings.LastIndexByte(name, '-')
		hash, err := hex.DecodeString(name[end+1:])
		if err != nil || len(hash) != sha256.Size {
			return fmt.Errorf("%s: no SHA-256 in the name", file)
		}
		for _, a := range all {
			if a.script == name[:end] {
				a.addDelta(hash, func() ([]byte, error) { return readBrotli(previous, file) })
			}
		}
	}
	return nil
}

// addDelta adds the difference to a dictionary with a SHA-256. It is computed for its first request.
func (a *asset) addDelta(hash []byte, read func() ([]byte, error)) {
	if a.deltas == nil {
		a.deltas = map[string]codedBody{}
	}
	header := ":" + base64.StdEncoding.EncodeToString(hash) + ":" // a byte sequence of RFC 9651
	a.deltas[header] = codedBody{codingDelta, fmt.Sprintf("%s-%s-%x", a.name, codingDelta, hash[:6]), sync.OnceValue(func() []byte {
		dictionary, err := read()
		if err != nil {
			return nil
		}
		return a.encodeDelta(hash, dictionary)
	})}
}

// encodeDelta returns the difference to a dictionary, or nil if another body is as small.
func (a *asset) encodeDelta(hash, dictionary []byte) []byte {
	plain := a.bodies[len(a.bodies)-1].body()
	delta := encodeZstd(append([]byte(deltaMagic), hash...), plain, zstd.WithEncoderDictRaw(0, dictionary))
	if len(delta) >= len(a.bodies[0].body()) {
		return nil
	}
	return delta
}

func readBrotli(files fs.FS, name string) ([]byte, error) {
	compressed, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(brotli.NewReader(bytes.NewReader(compressed)))
}
