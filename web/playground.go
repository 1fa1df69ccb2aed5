package web

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
)

// page is what playground/index.html shows.
type page struct {
	Nonce  string
	Config config
}

// config is what the page's scripts read.
type config struct {
	Endpoint   string      `json:"endpoint"`
	Operations []operation `json:"operations"`
}

// Playground serves GraphiQL at prefix ("/playground"), asking the API at endpoint ("/graphql"),
// both of them paths on the page's own origin. It answers GET and HEAD of prefix, prefix + "/"
// and prefix + "/assets/…"; it is 404 or 405 for anything else.
func Playground(prefix, endpoint string) http.Handler {
	all := assets()
	link := func(file string) string { return prefix + "/assets/" + all[file].name }
	tmpl := template.Must(template.New("page").Funcs(template.FuncMap{"asset": link}).
		Parse(string(read("playground/index.html"))))
	cfg := config{Endpoint: endpoint, Operations: operations()}
	render := func(nonce string) []byte {
		var out bytes.Buffer
		if err := tmpl.Execute(&out, page{Nonce: nonce, Config: cfg}); err != nil {
			panic(err)
		}
		return out.Bytes()
	}
	render("") // a mistake in the template shows at the start, not at the first visit

	show := func(w http.ResponseWriter, _ *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", playgroundPolicy(nonce))
		h.Set("Cache-Control", "no-store") // the nonce is for one answer only
		_, _ = w.Write(render(nonce))      // fails only when the client has gone
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix, show)
	mux.HandleFunc("GET "+prefix+"/{$}", show)
	for _, a := range all {
		mux.Handle("GET "+prefix+"/assets/"+a.name, a)
	}
	return secure(mux)
}

// playgroundPolicy allows the page its own scripts and styles, and requests to its own origin.
//
// GraphiQL needs two exceptions, each as narrow as CSP has them. Its dialogs add a <style>
// element that stops the page behind from scrolling; the element carries the nonce that
// playground.js passes on. CodeMirror's dialog for jumping to a line, Alt-G in an editor, is markup
// with two style attributes; those two texts are allowed and no others.
func playgroundPolicy(nonce string) string {
	return policy(
		"script-src 'self'",
		"style-src 'self' 'nonce-"+nonce+"'",
		"style-src-attr 'unsafe-hashes' "+hashSource("width: 10em")+" "+hashSource("color: #888"),
		"connect-src 'self'",
	)
}
