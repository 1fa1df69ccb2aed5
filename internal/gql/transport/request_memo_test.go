package transport

import (
	"strings"
	"testing"

	"github.com/7p-education/api/internal/gql/respcache"
)

// Documents that extensions refer to may change, and large bodies need memory: neither is memoized.
func TestNewCandidate(t *testing.T) {
	t.Parallel()
	memo := newRequestMemo(new(respcache.Cache), nil)
	for body, want := range map[string]bool{
		`{"query":"{ a }"}`:                                             true,
		`{"query":"{ a }","extensions":{}}`:                             false,
		`{"query":"{ a }","documentId":"x"}`:                            false,
		`{"documentId":"x"}`:                                            false,
		`{"query":"{ a }"}` + strings.Repeat(" ", maxMemoizedBodyBytes): false,
		`[{"query":"{ a }"}]`:                                           false,
		`{"query":"{ a }","variables":{"a":1},"operationName":""}`:      true,
	} {
		params, _, reqErr := decodeRequestBody([]byte(body), 1, nil)
		if reqErr != nil {
			t.Fatalf("%s: %v", body, reqErr)
		}
		if got := memo.newCandidate([]byte(body), params) != nil; got != want {
			t.Errorf("%.60s: candidate is %v, want %v", body, got, want)
		}
	}
}
