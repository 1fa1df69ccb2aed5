package web

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
)

// playgroundPage is the data of the template playground/index.html.
type playgroundPage struct {
	Nonce  string
	Config pageConfig
}

// pageConfig is the configuration that the page's scripts read.
type pageConfig struct {
	Endpoint   string             `json:"endpoint"`
	Operations []exampleOperation `json:"operations"`
}

// PlaygroundHandler serves GraphiQL at prefix ("/playground") for the API at endpoint ("/graphql"), both
// of them paths on the page's own origin. It serves GET and HEAD of prefix, prefix + "/" and
// prefix + "/assets/…"; any other request is 404 or 405.
func PlaygroundHandler(prefix, endpoint string) http.Handler {
	all := loadAssets()
	link := func(file string) string { return prefix + "/assets/" + all[file].name }
	tmpl := template.Must(template.New("page").Funcs(template.FuncMap{"asset": link}).
		Parse(string(readEmbedded("playground/index.html"))))
	cfg := pageConfig{Endpoint: endpoint, Operations: loadOperations()}
	render := func(nonce string) []byte {
		var out bytes.Buffer
		if err := tmpl.Execute(&out, playgroundPage{Nonce: nonce, Config: cfg}); err != nil {
			panic(err)
		}
		return out.Bytes()
	}
	render("") // a mistake in the template fails at the start, not on the first request

	servePage := func(w http.ResponseWriter, _ *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", playgroundPolicy(nonce))
		h.Set("Cache-Control", "no-store") // the nonce is for one response only
		_, _ = w.Write(render(nonce))      // fails only if the client has disconnected
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix, servePage)
	mux.HandleFunc("GET "+prefix+"/{$}", servePage)
	for _, a := range all {
		mux.Handle("GET "+prefix+"/assets/"+a.name, a)
	}
	return secureHeaders(mux)
}

// playgroundPolicy allows the page its own scripts and styles, and requests to its own origin.
//
// GraphiQL needs two exceptions, each as narrow as CSP permits. Its dialogs add a <style> element that
// stops the page behind from scrolling; the element has the nonce that playground.js passes on.
// CodeMirror's dialog for jumping to a line, Alt-G in an editor, is markup with two style attributes;
// only these two texts are allowed.
func playgroundPolicy(nonce string) string {
	return contentPolicy(
		"script-src 'self'",
		"style-src 'self' 'nonce-"+nonce+"'",
		"style-src-attr 'unsafe-hashes' "+cspHashSource("width: 10em")+" "+cspHashSource("color: #888"),
		"connect-src 'self'",
	)
}
