package frontend

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"sync"

	"github.com/7p-education/api/internal/frontend/session"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are parsed on the first page: what packages allocate before main costs each command.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(templateFunctions).ParseFS(templateFiles, "templates/*.html"))
})

// pageData is what the server writes into a page for the app.
type pageData struct {
	Route     string          `json:"route"`
	Document  string          `json:"document,omitempty"`
	Variables map[string]any  `json:"variables,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Viewer    *session.Viewer `json:"viewer"`
	Release   string          `json:"release"`
	Lite      bool            `json:"lite"`
	Demo      *DemoAccounts   `json:"demoAccounts,omitempty"`
}

// document is the data of the template page.html.
type document struct {
	Head    head
	Style   template.CSS
	Styles  []string // files whose text is in Style: their links have the app not load them again
	Entry   string
	Modules []string
	View    template.HTML // inside of the root element, before the app replaces it
	Data    template.JS
	Demo    bool // has links to the playground, which visitors of a demo may expect here
}

// render returns the HTML document of a page.
func (p *page) render(r *http.Request, data pageData) []byte {
	data.Route, data.Document, data.Release, data.Lite = p.route.Name, p.route.Document, p.manifest.release, p.Lite
	if data.Viewer == nil {
		data.Demo = p.Demo
	}
	view, name := p.newView(data)
	d := document{
		Head: p.newHead(r, view), Style: template.CSS(p.style), Styles: p.styles, Modules: p.modules, //nolint:gosec // of the build
		View: template.HTML(execute(name, view)), //nolint:gosec // of a template
		Data: template.JS(marshalData(data)),     //nolint:gosec // JSON whose markup is escaped
		Demo: p.Demo != nil,
	}
	if len(p.modules) > 0 {
		d.Entry = p.modules[0]
	}
	return execute("page.html", d)
}

// marshalData returns the data as JSON without characters that could end the script element: json.Marshal escapes them
// in the result of the API too.
func marshalData(data pageData) []byte {
	if !json.Valid(data.Result) {
		data.Result = nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // all values were JSON before
	}
	return text
}

// execute returns the text of a template.
func execute(name string, data any) []byte {
	var out bytes.Buffer
	if err := templates().ExecuteTemplate(&out, name, data); err != nil {
		panic(err) // a mistake in the template, which the tests execute
	}
	return out.Bytes()
}
