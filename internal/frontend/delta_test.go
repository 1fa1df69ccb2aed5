package frontend_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/7p-education/api/internal/frontend"
)

// listing is a script that is larger with a dictionary of other content than without one.
func listing(from, to int) []byte {
	var b bytes.Buffer
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "export const f%d = (a) => a * %x;\n", i, sha256.Sum256([]byte{byte(i)}))
	}
	return b.Bytes()
}

func encodeBrotli(body []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// dictionaryOf returns the header of a browser that has a body as a dictionary.
func dictionaryOf(body []byte) string {
	sum := sha256.Sum256(body)
	return ":" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// A browser that has a script of the previous release receives the difference to it.
func TestDeltas(t *testing.T) {
	t.Parallel()
	before, after, unlike := listing(0, 60), append(listing(0, 30), listing(31, 61)...), listing(100, 130)
	previous := fstest.MapFS{}
	for _, body := range [][]byte{before, unlike} {
		previous[fmt.Sprintf("kit-%x.js.br", sha256.Sum256(body))] = &fstest.MapFile{Data: encodeBrotli(body)}
	}
	h := newPages(t, &endpoint{}, func(o *frontend.Options) {
		build := newBuild()
		for _, name := range []string{"assets/kit-B9c_-A0z.js", "assets/menu-B9c_-A0z.js"} {
			build[name], build[name+".br"] = &fstest.MapFile{Data: after}, &fstest.MapFile{Data: encodeBrotli(after)}
		}
		o.Dist, o.Previous = build, previous
	})
	const browser = "gzip, deflate, br, zstd, dcb, dcz"
	for _, c := range []struct{ script, accept, dictionary, want string }{
		{"kit", browser, dictionaryOf(before), "dcz"},
		{"kit", browser, dictionaryOf(unlike), "br"},
		{"kit", browser, dictionaryOf(after), "br"},
		{"kit", browser, "", "br"},
		{"kit", browser, strings.Trim(dictionaryOf(before), ":"), "br"},
		{"kit", "gzip, br, zstd", dictionaryOf(before), "br"},
		{"kit", "br, dcz;q=0", dictionaryOf(before), "br"},
		{"kit", "br, dcz;q=0.5", dictionaryOf(before), "br"},
		{"menu", browser, dictionaryOf(before), "br"},
	} {
		w := get(t, h, "/assets/"+c.script+"-B9c_-A0z.js", "Accept-Encoding", c.accept, "Available-Dictionary", c.dictionary)
		header := w.Header()
		if got := header.Get("Content-Encoding"); w.Code != http.StatusOK || got != c.want {
			t.Errorf("%+v: %d %q", c, w.Code, got)
		}
		if got := strings.Join(header.Values("Vary"), ", "); got != "Accept-Encoding, Available-Dictionary" {
			t.Errorf("%+v: Vary %q", c, got)
		}
		if got, want := header.Get("Use-As-Dictionary"), `match="/assets/`+c.script+`-*.js"`; got != want {
			t.Errorf("%+v: Use-As-Dictionary %q, want %q", c, got, want)
		}
		if hasTag := strings.Contains(header.Get("ETag"), "dcz"); hasTag != (c.want == "dcz") {
			t.Errorf("%+v: ETag %s", c, header.Get("ETag"))
		}
		if c.want == "dcz" {
			checkDelta(t, w.Body.Bytes(), before, after)
		}
	}
	if got := get(t, h, "/assets/app-1a.js", "Accept-Encoding", browser).Header(); got.Get("Use-As-Dictionary") != "" || len(got.Values("Vary")) != 1 {
		t.Errorf("a name without a hash: %v", got)
	}
}

// checkDelta checks a body in dcz against section 5 of RFC 9842, and that it is small.
func checkDelta(t *testing.T, delta, before, after []byte) {
	t.Helper()
	sum := sha256.Sum256(before)
	frame, found := bytes.CutPrefix(delta, append([]byte{0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0}, sum[:]...))
	if !found || len(delta) > 250 {
		t.Fatalf("%d bytes that begin with %x", len(delta), delta[:min(len(delta), 40)])
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(0, before))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := d.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, after) {
		t.Errorf("the delta decodes to %d bytes, %v", len(got), err)
	}
}

// A file of the previous release without a hash is a mistake of the build.
func TestPreviousScriptNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kit-B9c_-A0z.js.br", "kit-00.js.br"} {
		_, err := frontend.New(frontend.Options{Dist: newBuild(), Previous: fstest.MapFS{name: {}}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
