package web

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"

	"github.com/7p-education/api/internal/middleware"
)

// PlaygroundOptions are the options of PlaygroundHandler. All paths are on the page's own origin.
type PlaygroundOptions struct {
	// Prefix is the path of the page ("/playground"), Endpoint that of the API ("/graphql"), and Schema that of
	// the schema as SDL.
	Prefix, Endpoint, Schema string
	// Documents is the path of the list of documents if only those of the list run; otherwise "".
	Documents string
	// IDsOnly reports that documents run by their ids only.
	IDsOnly bool
	// Demo are the accounts that visitors can use with one click; nil for none. The page publishes them.
	Demo *DemoAccounts
}

// DemoAccounts are accounts whose password is public.
type DemoAccounts struct {
	Emails   []string `json:"emails"` // named by their roles, such as student@…
	Password string   `json:"password"`
}

// playgroundPage is the data of the template playground/index.html.
type playgroundPage struct {
	Nonce  string
	Schema string
	Config pageConfig
}

// pageConfig is the configuration that the page's scripts read.
type pageConfig struct {
	Endpoint    string              `json:"endpoint"`
	Schema      string              `json:"schema"`
	Documents   string              `json:"documents"`
	IDsOnly     bool                `json:"idsOnly"`
	Demo        *DemoAccounts       `json:"demo"`
	Collections []exampleCollection `json:"collections"`
	Lookup      string              `json:"lookup"`
	Session     sessionOperations   `json:"session"`
}

// PlaygroundHandler serves the playground: GET and HEAD of the prefix, prefix + "/" and prefix + "/assets/…".
// Any other request is 404 or 405.
func PlaygroundHandler(o PlaygroundOptions) http.Handler {
	all := loadAssets()
	link := func(file string) string { return o.Prefix + "/assets/" + all[file].name }
	tmpl := template.Must(template.New("page").Funcs(template.FuncMap{"asset": link}).
		Parse(string(readEmbedded("playground/index.html"))))
	cfg := pageConfig{
		Endpoint: o.Endpoint, Schema: o.Schema, Documents: o.Documents, IDsOnly: o.IDsOnly, Demo: o.Demo,
		Collections: loadCollections(), Lookup: readText("lookup.graphql"), Session: loadSessionOperations(),
	}
	render := func(nonce string) []byte {
		var out bytes.Buffer
		if err := tmpl.Execute(&out, playgroundPage{Nonce: nonce, Schema: o.Schema, Config: cfg}); err != nil {
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
	mux.HandleFunc("GET "+o.Prefix, servePage)
	mux.HandleFunc("GET "+o.Prefix+"/{$}", servePage)
	for _, a := range all {
		mux.Handle("GET "+o.Prefix+"/assets/"+a.name, a)
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
		"style-src-attr 'unsafe-hashes' "+middleware.CSPHashSource("width: 10em")+" "+middleware.CSPHashSource("color: #888"),
		"connect-src 'self'",
	)
}
