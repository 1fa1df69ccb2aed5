package frontend

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/frontend/session"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// page serves the HTML document of a route.
type page struct {
	*Handler
	route   route
	style   string   // the styles of the app and of the route
	styles  []string // paths of the files of the route's styles
	policy  string
	modules []string // paths of the scripts, the entry first
	links   string   // the Link header that preloads them
}

// newPage prepares the parts of a page that are the same for all requests.
func (h *Handler) newPage(rt route) (*page, error) {
	p := &page{Handler: h, route: rt}
	if rt.Document != "" && h.manifest.documents[rt.Document] == "" {
		return nil, fmt.Errorf("document %s: not in documents.json", rt.Document)
	}
	for _, name := range append([]string{h.manifest.Entry.CSS}, rt.CSS...) {
		if name == "" {
			continue
		}
		text, err := fs.ReadFile(h.Dist, name)
		if err != nil {
			return nil, err
		}
		p.style += string(text)
		if name != h.manifest.Entry.CSS {
			p.styles = append(p.styles, "/"+name)
		}
	}
	p.policy = contentPolicy(p.style, h.FileOrigins)
	var links []string
	for _, name := range slices.Concat([]string{h.manifest.Entry.JS}, h.manifest.Entry.Preload, []string{rt.Chunk}, rt.Preload) {
		if name == "" {
			continue
		}
		if _, err := fs.Stat(h.Dist, name); err != nil {
			return nil, err
		}
		p.modules = append(p.modules, "/"+name)
		links = append(links, "</"+name+">; rel=modulepreload; fetchpriority=low") // after the largest picture
	}
	p.links = strings.Join(links, ", ")
	return p, nil
}

// ServeHTTP sends the document with the answer of the route's query.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Add("Vary", "Cookie")
	credentials := p.Sessions.Resolve(w, r)
	p.sendEarlyHints(w, r)
	if credentials.Token == "" && credentials.Failure == nil && !p.route.Private {
		p.servePublic(w, r)
		return
	}
	p.servePersonal(w, r, credentials)
}

// sendEarlyHints has the browser load the scripts while the query runs. Older protocols are spared: programs that
// speak them do not expect a response before the response, and browsers ignore it.
func (p *page) sendEarlyHints(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Link", p.links)
	if r.ProtoMajor >= 2 && r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		w.WriteHeader(http.StatusEarlyHints)
	}
}

// servePublic sends the document for anonymous viewers. A document that was rendered before is sent if the API
// confirms that its data are the current ones.
func (p *page) servePublic(w http.ResponseWriter, r *http.Request) {
	variables := p.route.readVariables(r)
	key := p.renderedKey(r, variables)
	known, _ := p.rendered.GetIfPresent(key)
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if p.route.Document == "" {
		if known == nil {
			known = p.newRenderedPage(p.statusOf(nil), p.render(r, pageData{}), "")
			p.hold(key, known)
		}
		known.send(w, r)
		return
	}
	op := api.Operation{DocumentID: p.manifest.documents[p.route.Document], Method: api.Query, Variables: variables}
	if known != nil {
		op.ETag = known.dataTag
	}
	resp := p.API.Send(r.Context(), r, op)
	p.copyHeaders(h, resp)
	if known != nil && resp.Status == http.StatusNotModified {
		known.send(w, r)
		return
	}
	rendered := p.newRenderedPage(p.statusOf(resp), p.render(r, pageData{Variables: variables, Result: resp.Body}), resp.Header.Get("Etag"))
	if rendered.dataTag == "" || rendered.status != http.StatusOK && rendered.status != http.StatusNotFound {
		h.Set("Cache-Control", "no-store")
		api.SetRetryAfter(h, rendered.status)
		middleware.WriteCachedBody(w, rendered.status, rendered)
		return
	}
	p.hold(key, rendered)
	rendered.send(w, r)
}

// renderedKey identifies a page with its variables.
func (p *page) renderedKey(r *http.Request, variables map[string]any) string {
	text, _ := json.Marshal(variables) // with sorted keys
	if p.route.Document == "" {
		return p.route.Name // the path is in no page
	}
	return p.route.Name + " " + r.URL.Path + " " + string(text)
}

// servePersonal sends the document of a signed-in user, of a visitor of a private page, or of a request whose session
// cannot be continued at the moment.
func (p *page) servePersonal(w http.ResponseWriter, r *http.Request, c session.Credentials) {
	w.Header().Set("Cache-Control", "no-store")
	data := pageData{Variables: p.route.readVariables(r)}
	resp := c.Failure
	if c.Token != "" {
		data.Viewer = p.Sessions.ReadViewer(r, c.Token)
		if p.route.Document != "" {
			resp = p.API.Send(r.Context(), r, api.Operation{
				DocumentID: p.manifest.documents[p.route.Document], Method: api.Query, Variables: data.Variables, Token: c.Token,
			})
		}
	}
	if resp != nil {
		data.Result = resp.Body
		p.copyHeaders(w.Header(), resp)
		w.Header().Set("Cache-Control", "no-store")
	}
	rendered := p.newRenderedPage(p.statusOf(resp), p.render(r, data), "")
	api.SetRetryAfter(w.Header(), rendered.status)
	middleware.WriteCachedBody(w, rendered.status, rendered)
}

// copyHeaders copies the headers of the API's response that apply to the page: how long a CDN may store it, its
// surrogate keys and timings, and the limits of a rejected one.
func (p *page) copyHeaders(h http.Header, resp *api.Response) {
	if resp.Status >= http.StatusBadRequest { // others may receive a page from a CDN
		resp.CopyLimits(h)
	}
	if timing := resp.Header["Server-Timing"]; timing != nil {
		h["Server-Timing"] = timing
	}
	if keys := resp.Header[p.KeysHeader]; p.KeysHeader != "" && keys != nil {
		h[p.KeysHeader] = keys
		h["Cache-Control"] = resp.Header["Cache-Control"]
	}
}

// statusOf returns the status of a page with a response of the API, nil for none. A page of one object that does not
// exist is 404. One that is null because of an error, as while the database is away, has the status of the error: a
// search engine would drop the page of a course that is 404.
func (p *page) statusOf(resp *api.Response) int {
	switch {
	case p.route.Name == notFoundRoute:
		return http.StatusNotFound
	case resp == nil:
		return http.StatusOK
	case resp.Status != http.StatusOK:
		return resp.Status
	}
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Extensions struct{ Code string } }
	}
	if json.Unmarshal(resp.Body, &answer) != nil {
		return http.StatusInternalServerError
	}
	for _, value := range answer.Data {
		if string(value) != "null" {
			return http.StatusOK
		}
	}
	switch {
	case len(answer.Errors) > 0 && answer.Errors[0].Extensions.Code != string(edu.NotFound):
		return response.HTTPStatusOf(answer.Errors[0].Extensions.Code)
	case strings.Contains(p.route.Pattern, "{"):
		return http.StatusNotFound
	}
	return http.StatusOK
}
