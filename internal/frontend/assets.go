package frontend

import (
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/7p-education/api/internal/accept"
	"github.com/7p-education/api/internal/middleware"
)

// assetsPath is the beginning of the paths of assets.
const assetsPath = "/assets/"

// mediaTypes are the media types of assets. The system's table differs between machines.
var mediaTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".webp": "image/webp", ".avif": "image/avif", ".png": "image/png", ".ico": "image/x-icon",
}

// asset is a file of the build, with its content in each coding that is smaller. Its name changes with its content.
type asset struct {
	contentType string
	name        string
	bodies      []codedBody // the last one has no coding
	// script is the name without its hash, "" for a file that is not a dictionary for the next release.
	script string
	// deltas are the differences of the file to dictionaries, by the Available-Dictionary header of a request. A body is
	// nil if it is not smaller than the others.
	deltas map[string]codedBody
}

// codedBody is the content of a file in one coding, "" for none.
type codedBody struct {
	coding string
	tag    string // of the ETag
	body   func() []byte
}

// loadAssets returns the assets of a build by the last part of their paths.
func loadAssets(dist fs.FS) (map[string]*asset, error) {
	all := map[string]*asset{}
	err := fs.WalkDir(dist, "assets", func(name string, entry fs.DirEntry, err error) error {
		contentType := mediaTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || contentType == "" {
			return err
		}
		a, err := loadAsset(dist, name, contentType)
		all[strings.TrimPrefix(name, "assets/")] = a
		return err
	})
	return all, err
}

// loadAsset returns a file with the codings that the build wrote beside it. Brotli is first: the build took the time
// that a response has not. zstd is for clients that accept nothing smaller, encoded on the first of their requests.
func loadAsset(dist fs.FS, name, contentType string) (*asset, error) {
	plain, err := fs.ReadFile(dist, name)
	if err != nil {
		return nil, err
	}
	a := &asset{contentType: contentType, name: path.Base(name)}
	brotli, brotliErr := fs.ReadFile(dist, name+".br")
	gzip, gzipErr := fs.ReadFile(dist, name+".gz")
	if brotliErr == nil {
		a.add("br", func() []byte { return brotli })
		a.script = scriptName(a.name)
	}
	if brotliErr == nil || gzipErr == nil {
		a.add("zstd", sync.OnceValue(func() []byte { return encodeZstd(nil, plain) }))
	}
	if gzipErr == nil {
		a.add("gzip", func() []byte { return gzip })
	}
	a.add("", func() []byte { return plain })
	return a, nil
}

func (a *asset) add(coding string, body func() []byte) {
	a.bodies = append(a.bodies, codedBody{coding, a.name + "-" + coding, body})
}

// encodeZstd appends a body in zstd, with a window that all browsers accept (RFC 9659). The best level would take four
// times as long and 50 MiB for each file, for a twentieth fewer bytes (decision 72).
func encodeZstd(dst, body []byte, options ...zstd.EOption) []byte {
	options = append(options, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	enc, err := zstd.NewWriter(nil, options...)
	if err != nil {
		panic("zstd options: " + err.Error())
	}
	return enc.EncodeAll(body, dst)
}

// choose returns the first body whose coding has the highest quality in the headers of a request.
func (a *asset) choose(header http.Header) codedBody {
	quality := map[string]int{}
	for coding, q := range accept.Parse(strings.Join(header["Accept-Encoding"], ",")) {
		quality[strings.ToLower(coding)] = q
	}
	bodies := a.bodies
	if delta, found := a.deltas[header.Get("Available-Dictionary")]; found && quality[codingDelta] > 0 && delta.body() != nil {
		bodies = append([]codedBody{delta}, bodies...)
	}
	best, bestQuality := bodies[len(bodies)-1], 0
	for _, b := range bodies {
		q, named := quality[b.coding]
		if !named && b.coding != "" {
			q = quality["*"]
		}
		if q > bestQuality {
			best, bestQuality = b, q
		}
	}
	return best
}

// ServeHTTP serves the file for a year. The codings have different tags, because a strong ETag identifies the bytes
// sent (RFC 9110, section 8.8.3.3).
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chosen := a.choose(r.Header)
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if a.script != "" {
		h.Set("Use-As-Dictionary", `match="`+assetsPath+a.script+`-*.js"`)
		h.Add("Vary", "Available-Dictionary")
	}
	if chosen.coding != "" {
		h.Set("Content-Encoding", chosen.coding)
	}
	tag := `"` + chosen.tag + `"`
	h.Set("ETag", tag)
	if middleware.MatchETag(r.Header["If-None-Match"], tag) != "" {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := chosen.body()
	h.Set("Content-Length", strconv.Itoa(len(body))) // which http.ServeContent does not state for an encoded body
	_, _ = w.Write(body)                             // fails only if the client has disconnected
}

// serveAssets serves the assets of a build.
func serveAssets(all map[string]*asset) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := all[strings.TrimPrefix(r.URL.Path, assetsPath)]; a != nil {
			a.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store") // a newer server may have it
		http.Error(w, "there is no such file", http.StatusNotFound)
	})
}
