package covers

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"time"
)

// types are the media types of covers. The system's table differs between machines.
var types = map[string]string{".avif": "image/avif", ".webp": "image/webp"}

// Handler serves the covers, to pages of every origin. They are cached for a year: their names change with their
// contents.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, Path)
		body, err := files.ReadFile("files/" + name)
		contentType := types[path.Ext(name)]
		if err != nil || contentType == "" {
			http.Error(w, "there is no such cover", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}
