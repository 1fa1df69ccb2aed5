package gql_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gqltest"
)

// The Accept headers of clients that accept parts.
const (
	accept2022 = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9"
	accept02   = "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,application/json;q=0.9"
)

// postDeferred posts a document as a client that accepts parts.
func postDeferred(t *testing.T, h http.Handler, as edu.Viewer, accept, text string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Query(t, as, text, map[string]any{"yes": true, "no": false}, "Accept: "+accept)
}

// part is one part of a response, in either format.
type part struct {
	Data        map[string]any
	Errors      []gqltest.Error
	HasNext     *bool
	Incremental []struct {
		ID      string
		Data    json.RawMessage
		Path    []any
		SubPath []any
		Label   string
		Errors  []gqltest.Error
	}
	Pending []struct {
		ID    string
		Path  []any
		Label string
	}
	Completed []struct {
		ID     string
		Errors []gqltest.Error
	}
}

// readParts returns the parts of a response. It fails the test if only the last one says so.
func readParts(t *testing.T, resp *gqltest.Response) []part {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/mixed" {
		t.Fatalf("Content-Type %q: %s", resp.Header.Get("Content-Type"), resp)
	}
	var parts []part
	for r := multipart.NewReader(bytes.NewReader(resp.Body), params["boundary"]); ; {
		section, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, resp)
		}
		var p part
		if err := json.NewDecoder(section).Decode(&p); err != nil {
			t.Fatalf("%v in %s", err, resp)
		}
		parts = append(parts, p)
	}
	for i, p := range parts {
		if p.HasNext == nil || *p.HasNext != (i < len(parts)-1) {
			t.Fatalf("hasNext of part %d of %d: %s", i, len(parts), resp)
		}
	}
	return parts
}

// mergeParts returns the response that a client has after the last part, and the errors of all parts. It fails the test
// unless each fragment is announced, sent and completed once, and has a place in what was sent before.
func mergeParts(t *testing.T, parts []part) (data map[string]any, errs []gqltest.Error) {
	t.Helper()
	data, errs = parts[0].Data, parts[0].Errors
	pending := map[string][]any{}
	for _, p := range parts {
		for _, begun := range p.Pending {
			if pending[begun.ID] != nil {
				t.Errorf("%s is announced again", begun.ID)
			}
			pending[begun.ID] = begun.Path
		}
		for _, i := range p.Incremental {
			path := i.Path
			if i.ID != "" {
				base, ok := pending[i.ID]
				if !ok {
					t.Errorf("%s has data and was not announced", i.ID)
				}
				path = append(append([]any{}, base...), i.SubPath...)
			}
			errs = append(errs, i.Errors...)
			var value any
			if err := json.Unmarshal(i.Data, &value); err != nil {
				t.Fatal(err)
			}
			if value == nil {
				continue
			}
			at := any(data)
			for _, step := range path {
				at = stepInto(t, at, step)
			}
			mergeObject(t, at.(map[string]any), value.(map[string]any), fmt.Sprint(path))
		}
		for _, done := range p.Completed {
			if _, ok := pending[done.ID]; !ok {
				t.Errorf("%s is completed and was not announced", done.ID)
			}
			delete(pending, done.ID)
			errs = append(errs, done.Errors...)
		}
	}
	if len(pending) > 0 {
		t.Errorf("never completed: %v", pending)
	}
	return data, errs
}

func stepInto(t *testing.T, at, step any) any {
	t.Helper()
	switch at := at.(type) {
	case map[string]any:
		return at[step.(string)]
	case []any:
		return at[int(step.(float64))]
	}
	t.Fatalf("no place %v in %v", step, at)
	return nil
}

// mergeObject adds the fields of an object. A field that was there is merged.
func mergeObject(t *testing.T, into, from map[string]any, path string) {
	t.Helper()
	for name, value := range from {
		into[name] = mergeValue(t, into[name], value, path+"."+name)
	}
}

func mergeValue(t *testing.T, old, value any, path string) any {
	t.Helper()
	switch old := old.(type) {
	case map[string]any:
		mergeObject(t, old, value.(map[string]any), path)
		return old
	case []any:
		list := value.([]any)
		if len(list) != len(old) {
			t.Errorf("%s has %d elements, and %d in a later part", path, len(old), len(list))
		}
		for i := range list {
			old[i] = mergeValue(t, old[i], list[i], path)
		}
		return old
	}
	return value
}
