package gql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cdn"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/invalidation"
)

// Behind a CDN, public responses have their surrogate keys and the maximum age of the CDN; responses to tokens, and
// responses that are not cached, have neither.
func TestSharedCacheHeaders(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	log := invalidation.New(nil, discardLog)
	pollChanges(t, log, db)
	responses := respcache.New(respcache.Options{
		InvalidationLog: log, MaxBytes: 64 << 20,
		SurrogateKeys: func(tags []edu.Tag) string { return strings.Join(cdn.Keys(tags), ",") },
	})
	t.Cleanup(responses.Close)
	client := gqltest.NewClient(gql.New(gql.Options{
		Store: db, Log: discardLog, ResponseCache: responses,
		SharedCache: &transport.SharedCache{KeysHeader: "Cache-Tag", MaxAge: 10 * time.Second},
	}))
	const everything = "{ courses(first: 100) { nodes { title instructor { name } videos(first: 5) { nodes { title } } reviews(first: 3) { nodes { id } } } } }"
	for i, tt := range []struct {
		as       edu.Viewer
		text     string
		headers  []string
		control  string
		min, max int // number of keys
	}{
		{edu.Viewer{}, titles, nil, "public, max-age=0, s-maxage=10", 3, 40},
		{edu.Viewer{}, titles, nil, "public, max-age=0, s-maxage=10", 3, 40}, // a hit
		{edu.Viewer{}, everything, nil, "public, max-age=0, s-maxage=10", 3, 40},
		{edu.Viewer{}, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, "public, max-age=0, s-maxage=10", 2, 40},
		{student, titles, []string{"Authorization: Bearer x"}, "private, no-cache", 0, 0},
		{edu.Viewer{}, titles, []string{"Cookie: a=b"}, "private, no-cache", 0, 0},
		{student, "{ viewer { name } }", []string{"Authorization: Bearer x"}, "private, no-cache", 0, 0},
		{edu.Viewer{}, "{ __typename }", nil, "no-store", 0, 0},
		{edu.Viewer{}, "{ nothing }", nil, "no-store", 0, 0},
	} {
		resp := client.Get(t, tt.as, map[string][]string{"query": {tt.text}}, tt.headers...)
		keys := strings.FieldsFunc(resp.Header.Get("Cache-Tag"), func(r rune) bool { return r == ',' })
		if resp.Header.Get("Cache-Control") != tt.control || len(keys) < tt.min || len(keys) > tt.max {
			t.Errorf("%d, %s: Cache-Control %q, %d keys %v", i, tt.text, resp.Header.Get("Cache-Control"), len(keys), keys)
		}
		if strings.HasPrefix(tt.control, "public") && resp.Header.Get("Age") != "" {
			t.Errorf("%d, %s: Age %s, which would shorten the time in the CDN", i, tt.text, resp.Header.Get("Age"))
		}
	}
}
