package gql

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/gql/response"
)

// decodeStandard decodes with encoding/json what jsonReader should decode alike.
func decodeStandard(src []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

var jsonTexts = []string{
	`null`, `true`, `false`, `0`, `-0.5e+10`, `12345678901234567890`, `""`, `[]`, `{}`, ` [ 1 , {"a" : [ ] } ] `,
	`"a\"\\\/\b\f\n\r\tz"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"é😀"`, `{"a":1,"a":2}`, `{"\u0061":1}`,
	``, ` `, `nul`, `nulll`, `01`, `1.`, `.5`, `-`, `+1`, `1e`, `0x1`, `"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `'a'`,
	`[1,]`, `[1 2]`, `[`, `]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1`, `{} {}`, `NaN`, "\ufeff{}", `"\u+123"`, `"\u"000"`,
}

func TestJSONReader(t *testing.T) {
	t.Parallel()
	for _, src := range jsonTexts {
		compareDecoders(t, []byte(src))
	}
}

// compareDecoders holds jsonReader against encoding/json, which nests deeper and takes
// any bytes for UTF-8.
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
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: error %v, encoding/json says %v", src, err, wantErr)
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

// FuzzDecodeBody looks for a body that decodes to something else than its JSON
// says, or that is refused though it is a GraphQL request.
func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte(body(1)))
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
		const most = 6
		in, ref := decodeRequestBody(src, most)
		var elements []json.RawMessage
		if err := decodeStandard(src, &elements); err == nil && elements != nil && utf8.Valid(src) {
			checkDecodedBatch(t, elements, in.batch, ref, most)
			return
		}
		if in.batch != nil {
			t.Fatalf("%q is no batch", src)
		}
		checkDecoded(t, src, in.params, ref)
	})
}

// checkDecodedBatch checks what a JSON array was decoded to.
func checkDecodedBatch(t *testing.T, elements []json.RawMessage, members []batchItem, ref *response.RequestError, most int) {
	t.Helper()
	switch {
	case ref != nil && strings.Contains(ref.Message, "nests deeper"):
	case len(elements) == 0 || len(elements) > most:
		if ref == nil || ref.Status != 422 || (ref.Code == response.CodeBatchLimit) != (len(elements) > most) {
			t.Fatalf("%d operations: %+v", len(elements), ref)
		}
	case ref != nil || len(members) != len(elements):
		t.Fatalf("%d operations were decoded to %d: %+v", len(elements), len(members), ref)
	default:
		for i, m := range members {
			checkDecoded(t, elements[i], m.params, m.err)
		}
	}
}

// checkDecoded checks what a JSON object was decoded to, and that what is none was
// refused.
func checkDecoded(t *testing.T, src []byte, p *graphql.RawParams, ref *response.RequestError) {
	t.Helper()
	var members map[string]any
	if err := decodeStandard(src, &members); err != nil || members == nil || !utf8.Valid(src) {
		if ref == nil {
			t.Fatalf("%q was taken, encoding/json says %v", src, err)
		}
		return
	}
	if ref != nil {
		if ref.Status != 422 && !strings.Contains(ref.Message, "nests deeper") {
			t.Fatalf("%q was refused: %s", src, ref.Message)
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

// body is a request as clients send it, with n ids among its variables.
func body(n int) string {
	return `{"operationName":"CoursePage","query":"query CoursePage($id: ID!, $first: Int, $ids: [ID!]) {\n` +
		strings.Repeat(`  course(id: $id) {\n    id\n    title\n    description\n    instructor {\n      name\n    }\n  }\n`, 5) +
		`}","variables":{"id":"Y291cnNlOjEy","first":20,"filter":{"minRating":4.5,"tags":["go","graphql"]},"ids":[` +
		strings.TrimSuffix(strings.Repeat(`"Y291cnNlOjEy",`, n), ",") + `]}}`
}

func BenchmarkDecode(b *testing.B) {
	src := []byte(body(10))
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if _, ref := decodeRequestBody(src, 0); ref != nil {
				b.Fatal(ref.Message)
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
