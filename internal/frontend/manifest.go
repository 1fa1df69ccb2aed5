package frontend

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"strconv"
)

// manifest describes a build of the app: its entry, its routes and the document that each route reads first.
type manifest struct {
	Entry  entry   `json:"entry"`
	Routes []route `json:"routes"`

	release   string            // identifies the build
	documents map[string]string // ids, as clients send them, by the names of their operations
}

// entry has the files that each page needs.
type entry struct {
	JS      string   `json:"js"`
	CSS     string   `json:"css"`
	Preload []string `json:"preload"`
}

// route is a page of the app.
type route struct {
	Name string `json:"name"`
	// Pattern is the path as in a http.ServeMux, without a method.
	Pattern string `json:"pattern"`
	// Chunk has the page's own scripts, which need those of Preload.
	Chunk   string   `json:"chunk"`
	Preload []string `json:"preload"`
	CSS     []string `json:"css"`
	// Document is the name of the query of the first paint, "" for none.
	Document  string              `json:"document"`
	Variables map[string]variable `json:"variables"`
	// Private pages are for signed-in users.
	Private bool `json:"private"`
}

// variable is the source of a variable: the path or the query of the page's URL, or a constant.
type variable struct {
	From    string // path or query, "" for a constant
	Name    string
	Type    string
	Default any // of an absent parameter, or the constant
}

// UnmarshalJSON decodes an object with "from" as a source, and everything else as a constant.
func (v *variable) UnmarshalJSON(text []byte) error {
	var source struct {
		From, Name, Type string
		Default          any
	}
	if json.Unmarshal(text, &source) == nil && source.From != "" {
		*v = variable(source)
		return nil
	}
	return json.Unmarshal(text, &v.Default)
}

// readManifest reads the manifest of a build and its documents.
func readManifest(dist fs.FS) (*manifest, error) {
	text, err := fs.ReadFile(dist, "manifest.json")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	m := &manifest{release: hex.EncodeToString(sum[:6])}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	m.documents, err = readDocumentIDs(dist)
	return m, err
}

// readDocumentIDs returns the ids of the documents of a build by the names of their operations.
func readDocumentIDs(dist fs.FS) (map[string]string, error) {
	texts, err := Documents(dist)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		ids[operationName(text)] = "sha256:" + hex.EncodeToString(sum[:])
	}
	return ids, nil
}

// Documents returns the texts of the documents of a build.
func Documents(dist fs.FS) ([]string, error) {
	text, err := fs.ReadFile(dist, "documents.json")
	if err != nil {
		return nil, err
	}
	var byHash map[string]string
	if err := json.Unmarshal(text, &byHash); err != nil {
		return nil, fmt.Errorf("documents.json: %w", err)
	}
	var texts []string
	for _, document := range byHash {
		texts = append(texts, document)
	}
	return texts, nil
}

// operationName returns the name of the operation that a printed document begins with, "" for none.
func operationName(text string) string {
	var kind, name string
	if n, _ := fmt.Sscanf(text, "%s %s", &kind, &name); n < 2 {
		return ""
	}
	for i, c := range name {
		if c == '(' || c == '{' {
			return name[:i]
		}
	}
	return name
}

// readVariables returns the variables of a route's document for a request, as the app computes them. Parameters that
// are absent, or not of their type, are left out.
func (rt *route) readVariables(r *http.Request) map[string]any {
	values, query := map[string]any{}, r.URL.Query()
	for name, v := range rt.Variables {
		if value := v.read(r, query); value != nil {
			values[name] = value
		}
	}
	return values
}

// read returns the value of a variable for a request, nil for none.
func (v variable) read(r *http.Request, query url.Values) any {
	var texts []string
	switch v.From {
	case "path":
		texts = []string{r.PathValue(v.Name)}
	case "query":
		texts = query[v.Name]
	}
	if len(texts) == 0 {
		return v.Default
	}
	return parseValue(v.Type, texts)
}

// parseValue returns the values of a parameter as a value of a type, nil if it is none.
func parseValue(kind string, texts []string) any {
	switch kind {
	case "strings":
		return texts
	case "int":
		if n, err := strconv.Atoi(texts[0]); err == nil {
			return n
		}
	case "float":
		if f, err := strconv.ParseFloat(texts[0], 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	case "boolean":
		return texts[0] == "true"
	default:
		return texts[0]
	}
	return nil
}
