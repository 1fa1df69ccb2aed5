package transport

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/memory"
)

// list returns a JSON list with so many elements.
func list(element string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// TestInputMemory compares the counted memory of decoded values with what they take in the heap. It is not
// parallel, because it reads the size of the heap.
func TestInputMemory(t *testing.T) {
	for name, text := range map[string]string{
		"empty objects":       list(`{}`, 20_000),
		"small objects":       list(`{"":1}`, 20_000),
		"objects of five":     list(`{"title":"a course","slug":"a-course","price":"9.99","level":1,"tags":["go"]}`, 5_000),
		"objects of twelve":   list(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":1,"k":2,"l":3}`, 5_000),
		"nested lists":        list(`[[[]]]`, 20_000),
		"lists of one":        list(`[0]`, 20_000),
		"short numbers":       list(`1`, 50_000),
		"short texts":         list(`"a"`, 50_000),
		"long texts":          list(`"`+strings.Repeat("a", 4_000)+`"`, 500),
		"an object of 20,000": "{" + strings.TrimSuffix(manyMembers(20_000), ",") + "}",
	} {
		in := jsonReader{src: []byte(text)}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		value, err := in.readWholeText()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(value)
		taken := int(after.HeapAlloc) - int(before.HeapAlloc)
		if counted := in.memory.used; counted < taken || counted > 3*taken {
			t.Errorf("%s: counted %d bytes, but %d are taken", name, counted, taken)
		}
	}
}

// manyMembers returns n members of a JSON object.
func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"` + string(rune('a'+i%26)) + strings.Repeat("x", i%7) + http.StatusText(200) + string(rune(0x4e00+i)) + `":1,`)
	}
	return b.String()
}

// TestInputIsReserved checks that a caller whose variables exceed its share is rejected, and that nothing
// stays reserved.
func TestInputIsReserved(t *testing.T) {
	t.Parallel()
	pool := memory.NewPool(8 << 20)
	caller := memory.Caller{ID: "a", Address: "a"}
	h := New(nil, Options{MaxBodyBytes: 1 << 20, MaxBatchSize: 2, NewMeter: func(*http.Request) *memory.Meter { return pool.NewMeter(caller, 1<<20) }})
	variables := `{"undeclared":` + list(`{"":1}`, 20_000) + `}`
	for name, body := range map[string]string{
		"variables":       `{"query":"{hello}","variables":` + variables + `}`,
		"extensions":      `{"query":"{hello}","extensions":` + variables + `}`,
		"unknown members": `{"query":"{hello}","unknown":` + variables + `}`,
		"a batch":         `[{"query":"{hello}","variables":` + variables + `}]`,
		"no request":      list(variables, 1),
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"retryAfter":1`) {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	if stats := pool.Stats(); stats.Used != 0 || stats.Shares != 0 || stats.Rejected == 0 {
		t.Errorf("%+v", stats)
	}
}

// TestInputHoldsMemory checks that decoded variables hold memory until the meter is released, beside what the
// response takes.
func TestInputHoldsMemory(t *testing.T) {
	t.Parallel()
	pool := memory.NewPool(64 << 20)
	meter := pool.NewMeter(memory.Caller{ID: "a", Address: "a"}, 1<<20)
	body := []byte(`{"query":"{hello}","variables":{"undeclared":` + list(`{"":1}`, 5_000) + `}}`)
	var params *graphql.RawParams
	params, _, reqErr := decodeRequestBody(body, 0, meter)
	if reqErr != nil || len(params.Variables) != 1 {
		t.Fatal(reqErr)
	}
	input := pool.Stats().Used
	if input < 5_000*firstMemberBytes {
		t.Errorf("%d bytes are reserved", input)
	}
	if err := errors.Join(meter.Begin(t.Context(), func() {}), meter.EndOperation(10)); err != nil {
		t.Error(err)
	}
	if used := pool.Stats().Used; used != input+memory.MinReservation {
		t.Errorf("%d bytes are reserved after the operation", used)
	}
	meter.Release()
	if stats := pool.Stats(); stats.Used != 0 || stats.Shares != 0 {
		t.Errorf("after the release: %+v", stats)
	}
	if _, _, reqErr := decodeRequestBody([]byte(`{"query":"{hello}","variables":{"first":10}}`), 0, meter); reqErr != nil || pool.Stats().Used != 0 {
		t.Error("small variables are counted")
	}
}
