package persisted_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/7p-education/api/internal/gql/persisted"
)

// A retired document names the version to update to only where an update helps, and one client can be
// retired without the others.
func TestRetirementByClient(t *testing.T) {
	t.Parallel()
	all := parse(t, `{"general": "query General { a: __typename }", "ios": "query Ios { b: __typename }", "both": "query Both { c: __typename }"}`)
	documents, then := map[string]*persisted.Document{}, time.Now()
	for _, d := range all {
		documents[d.ID] = d
	}
	documents["general"].RetiredAt, documents["general"].MinimumVersion = &then, "3.2.0"
	documents["ios"].RetiredClients = map[string]string{"ios": "3.2.0"}
	documents["both"].RetiredAt, documents["both"].MinimumVersion = &then, "7"
	documents["both"].RetiredClients = map[string]string{"ios": "3.2.0", "web": ""}
	h := newServer(newExtension(persisted.ModeTrusted, newMemoryStore(t), all...))
	for _, tt := range []struct{ id, client, version, minimum string }{
		{"general", "ios", "3.1.9", "3.2.0"},
		{"general", "ios", "3.10", ""},
		{"general", "ios", "3.2.0", ""},
		{"general", "ios", "3.2", ""},
		{"general", "ios", "v4.0.0", ""},
		{"general", "ios", "4.0.0-beta.1", ""},
		{"general", "ios", "3.2.0-beta.1", "3.2.0"},
		{"general", "ios", "3.2.0+451", ""},
		{"general", "ios", "3.1.0 (451)", "3.2.0"},
		{"general", "ios", "03.02.00000000000000000000000000", ""},
		{"general", "ios", "99999999999999999999999999", ""},
		{"general", "ios", "nightly", "3.2.0"},
		{"general", "ios", "", "3.2.0"},
		{"general", "", "", "3.2.0"},
		{"ios", "ios", "3.1", "3.2.0"},
		{"ios", "ios", "4.0.0", ""},
		{"ios", "android", "1.0", "active"},
		{"ios", "", "", "active"},
		{"both", "ios", "3.1", "3.2.0"},
		{"both", "ios", "4", ""},
		{"both", "android", "4", "7"},
		{"both", "web", "1", ""},
	} {
		resp := post(t, h, `{"documentId":"`+tt.id+`"}`, "Apollographql-Client-Name: "+tt.client, "Apollographql-Client-Version: "+tt.version)
		if tt.minimum == "active" {
			if resp.Status != http.StatusOK {
				t.Errorf("%+v: got %s, want 200", tt, resp)
			}
			continue
		}
		result := resp.Result(t)
		if resp.Status != http.StatusGone || len(result.Errors) != 1 {
			t.Errorf("%+v: got %s, want 410", tt, resp)
			continue
		}
		if got, _ := result.Errors[0].Extensions["minimumVersion"].(string); got != tt.minimum {
			t.Errorf("%+v: got the version %q: %s", tt, got, result.Errors[0].Message)
		}
	}
}

// Prereleases are ordered as in section 11 of Semantic Versioning 2.0.0.
func TestPrereleaseOrder(t *testing.T) {
	t.Parallel()
	order := []string{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"}
	for i, version := range order {
		for j, minimum := range order {
			if got := persisted.IsOlderVersion(version, minimum); got != (i < j) {
				t.Errorf("%s is older than %s: %v", version, minimum, got)
			}
		}
	}
}
