package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// decodeStandard decodes with encoding/json, whose values jsonReader should return too.
func decodeStandard(src []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	writeIntegers(into)
	if _, err := dec.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// writeIntegers replaces whole numbers with a fraction or an exponent by integers, as jsonReader writes them.
func writeIntegers(into any) {
	switch into := into.(type) {
	case *any:
		if n, ok := (*into).(json.Number); ok && strings.ContainsAny(string(n), ".eE") {
			*into = canonicalNumber(string(n))
		}
		writeIntegers(*into)
	case *map[string]any:
		writeIntegers(*into)
	case []any:
		for i := range into {
			writeIntegers(&into[i])
		}
	case map[string]any:
		for name, v := range into {
			writeIntegers(&v)
			into[name] = v
		}
	}
}

func TestCanonicalNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]json.Number{
		"5.0": "5", "2e0": "2", "1.0e6": "1000000", "-0.0": "0", "10e-1": "1", "1.5": "1.5", "1e-1": "1e-1", "9007199254740992.0": "9007199254740992",
		"1e16": "1e16", "1e400": "1e400", "-3E+2": "-300", "0e9999": "0",
	} {
		if got := canonicalNumber(text); got != want {
			t.Errorf("canonicalNumber(%s) = %s, want %s", text, got, want)
		}
	}
}

var jsonTexts = []string{
	`null`, `true`, `false`, `0`, `-0.5e+10`, `12345678901234567890`, `""`, `[]`, `{}`, ` [ 1 , {"a" : [ ] } ] `,
	`"a\"\\\/\b\f\n\r\tz"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"é😀"`, `{"a":1,"a":2}`, `{"\u0061":1}`,
	``, ` `, `nul`, `nulll`, `01`, `1.`, `.5`, `-`, `+1`, `1e`, `0x1`, `"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `'a'`,
	`5.0`, `[2e0, {"a": -1.0E+6}, 1.5]`, `"\ude00\ud83d"`,
	`[1,]`, `[1 2]`, `[`, `]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1`, `{} {}`, `NaN`, "\ufeff{}", `"\u+123"`, `"\u"000"`,
}

func TestJSONReader(t *testing.T) {
	t.Parallel()
	for _, src := range jsonTexts {
		compareDecoders(t, []byte(src))
	}
}

// compareDecoders compares jsonReader with encoding/json, which nests deeper and accepts invalid UTF-8.
func compareDecoders(t *testing.T, src []byte) {
	t.Helper()
	if !utf8.Valid(src) {
		return
	}
	in := jsonReader{src: src}
	got, err := in.readWholeText()
	var want any
	wantErr := decodeStandard(src, &want)
	if err != nil && strings.Contains(err.Error(), "nests deeper") {
		return
	}
	if errors.Is(err, errHalfSurrogate) {
		if wantErr == nil && !strings.Contains(fmt.Sprint(want), "\ufffd") {
			t.Fatalf("%q: error %v, encoding/json returns %v", src, err, want)
		}
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: error %v, encoding/json returns %v", src, err, wantErr)
	}
	if err == nil && !cmp.Equal(got, want) {
		t.Fatalf("%q: %s", src, cmp.Diff(want, got))
	}
}

func FuzzJSONReader(f *testing.F) {
	for _, src := range jsonTexts {
		f.Add([]byte(src))
	}
	f.Fuzz(compareDecoders)
}

// FuzzDecodeBody finds bodies that are decoded to other values than those of encoding/json, and GraphQL
// requests that are rejected.
func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte(requestBody(1)))
	f.Add([]byte(`{"query":null,"operationName":"A","variables":{"a":[1,null]},"extensions":{"b":{}}}`))
	f.Add([]byte(`{"query":"a","query":"b"}`))
	f.Add([]byte(`[{"query":"a"}]`))
	for _, src := range jsonTexts {
		f.Add([]byte(src))
	}
	f.Add([]byte(` [{"query":"a"}, {"variables":7}, 8, [], null, {"query":"b","query":"b"}] `))
	f.Add([]byte(`[{"query":"a"},{"query":"b"},{"query":"c"},{"query":"d"},{"query":"e"},{"query":"f"},{"query":"g"}]`))
	f.Add([]byte(`[{"query":"a"},]`))
	f.Fuzz(func(t *testing.T, src []byte) {
		const maxItems = 6
		params, batch, reqErr := decodeRequestBody(src, maxItems, nil)
		src = bytes.TrimPrefix(src, byteOrderMark) // encoding/json rejects it
		var elements []json.RawMessage
		if err := decodeStandard(src, &elements); err == nil && elements != nil && utf8.Valid(src) {
			checkDecodedBatch(t, elements, batch, reqErr, maxItems)
			return
		}
		if batch != nil {
			t.Fatalf("%q was decoded as a batch", src)
		}
		checkDecoded(t, src, params, reqErr)
	})
}

// checkDecodedBatch checks the batch of a JSON array.
func checkDecodedBatch(t *testing.T, elements []json.RawMessage, items []batchItem, reqErr *response.RequestError, maxItems int) {
	t.Helper()
	switch {
	case reqErr != nil && strings.Contains(reqErr.Message, "nests deeper"):
	case reqErr != nil && reqErr.Code == string(edu.BadUserInput): // half a surrogate pair
	case len(elements) == 0 || len(elements) > maxItems:
		if reqErr == nil || reqErr.Status != 422 || (reqErr.Code == response.CodeBatchLimit) != (len(elements) > maxItems) {
			t.Fatalf("%d operations: %+v", len(elements), reqErr)
		}
	case reqErr != nil || len(items) != len(elements):
		t.Fatalf("%d operations were decoded to %d: %+v", len(elements), len(items), reqErr)
	default:
		for i, item := range items {
			checkDecoded(t, elements[i], item.params, item.err)
		}
	}
}

// checkDecoded checks the parameters of a JSON object, and that any other JSON was rejected.
func checkDecoded(t *testing.T, src []byte, p *graphql.RawParams, reqErr *response.RequestError) {
	t.Helper()
	var members map[string]any
	if err := decodeStandard(src, &members); err != nil || members == nil || !utf8.Valid(src) {
		if reqErr == nil {
			t.Fatalf("%q was accepted, encoding/json returns %v", src, err)
		}
		return
	}
	if reqErr != nil {
		if reqErr.Status != 422 && !strings.Contains(reqErr.Message, "nests deeper") {
			t.Fatalf("%q was rejected: %s", src, reqErr.Message)
		}
		return
	}
	want := &graphql.RawParams{}
	want.Query, _ = members[paramQuery].(string)
	want.OperationName, _ = members[paramOperationName].(string)
	want.Variables, _ = members[paramVariables].(map[string]any)
	want.Extensions, _ = members[paramExtensions].(map[string]any)
	if diff := cmp.Diff(want, p); diff != "" {
		t.Fatalf("%q: %s", src, diff)
	}
}

// requestBody returns a request as clients send it, with n ids among its variables.
func requestBody(n int) string {
	return `{"operationName":"CoursePage","query":"query CoursePage($id: ID!, $first: Int, $ids: [ID!]) {\n` +
		strings.Repeat(`  course(id: $id) {\n    id\n    title\n    description\n    instructor {\n      name\n    }\n  }\n`, 5) +
		`}","variables":{"id":"Y291cnNlOjEy","first":20,"filter":{"minRating":4.5,"tags":["go","graphql"]},"ids":[` +
		strings.TrimSuffix(strings.Repeat(`"Y291cnNlOjEy",`, n), ",") + `]}}`
}

func BenchmarkDecode(b *testing.B) {
	src := []byte(requestBody(10))
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, reqErr := decodeRequestBody(src, 0, nil); reqErr != nil {
				b.Fatal(reqErr.Message)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if err := decodeStandard(src, &graphql.RawParams{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw-variables", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			var request struct {
				Query, OperationName  string
				Variables, Extensions json.RawMessage
			}
			var variables map[string]any
			if err := json.Unmarshal(src, &request); err != nil {
				b.Fatal(err)
			}
			if err := decodeStandard(request.Variables, &variables); err != nil {
				b.Fatal(err)
			}
		}
	})
}
