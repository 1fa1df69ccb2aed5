package media

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

// samples has the sample video of the demo, made by scripts/sample-video.
//
//go:embed sample
var samples embed.FS

// sampleTypes are the media types of the sample's files. The system's table differs between machines.
var sampleTypes = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl",
	".mp4":  "video/mp4",
	".m4s":  "video/iso.segment",
	".vtt":  "text/vtt; charset=utf-8",
	".jpg":  "image/jpeg",
}

// SampleHandler serves the sample video at signed URLs whose paths begin with prefix, to pages of every origin. Every
// directory that is called sample has the files of the sample, because each course has a directory of its own.
func SampleHandler(prefix string, s *Signer) http.Handler {
	started := time.Now()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "use GET or HEAD", http.StatusMethodNotAllowed)
			return
		}
		now := time.Now()
		file, expires, err := s.VerifyPath(strings.TrimPrefix(r.URL.Path, prefix), now)
		if err != nil {
			h.Set("Cache-Control", "no-store")
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		_, name, _ := strings.Cut(file, "/sample/")
		body, err := samples.ReadFile("sample/" + name)
		if err != nil {
			h.Set("Cache-Control", "no-store")
			http.Error(w, "there is no such file", http.StatusNotFound)
			return
		}
		h.Set("Content-Type", sampleTypes[path.Ext(name)])
		h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(expires.Sub(now).Seconds())))
		http.ServeContent(w, r, "", started, bytes.NewReader(body))
	})
}
