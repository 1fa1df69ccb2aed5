package middleware_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// BenchmarkDictionary encodes public responses with the response before as a dictionary (RFC 9842), beside codings of
// the server. The responses are the catalogue's pages 2 to 9, by page 1, the same of a search, and eight courses, by the
// first one, of the server with demo data at BENCH_URL.
func BenchmarkDictionary(b *testing.B) {
	url := os.Getenv("BENCH_URL")
	if url == "" {
		b.Skip("BENCH_URL is not set")
	}
	for _, operation := range []string{"catalog", "search", "course-page"} {
		responses := fetchResponses(b, url, operation)
		for _, c := range []struct {
			name   string
			encode func(response []byte) []byte
		}{
			{"plain", func(response []byte) []byte { return response }},
			{"zstd", newZstdCoding(b)},
			{"br10", encodeBrotli10},
			{"dcz", newZstdCoding(b, zstd.WithEncoderDictRaw(0, responses[0]))},
			{"dcz3", newZstdCoding(b, zstd.WithEncoderDictRaw(0, responses[0]), zstd.WithEncoderLevel(zstd.SpeedDefault))},
		} {
			b.Run(operation+"/"+c.name, func(b *testing.B) {
				sum, start := 0, cpuTime()
				for b.Loop() {
					sum = 0
					for _, response := range responses[1:] {
						sum += len(c.encode(response))
					}
				}
				n := float64(len(responses) - 1)
				b.ReportMetric(float64(sum)/n, "bytes")
				b.ReportMetric(float64((cpuTime()-start).Microseconds())/float64(b.N)/n, "cpu-µs")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// cpuTime returns the CPU time of this process, which other programs on the machine change less than the time.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// newZstdCoding returns an encoder like those of Compress. With a dictionary, the header of dcz is 40 bytes more.
func newZstdCoding(b *testing.B, options ...zstd.EOption) func([]byte) []byte {
	header := make([]byte, min(40*len(options), 40))
	options = append([]zstd.EOption{
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128 << 10), zstd.WithLowerEncoderMem(true),
	}, options...)
	enc, err := zstd.NewWriter(nil, options...)
	if err != nil {
		b.Fatal(err)
	}
	return func(response []byte) []byte { return enc.EncodeAll(response, header[:len(header):len(header)]) }
}

func encodeBrotli10(response []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: 10, LGWin: 18})
	_, _ = w.Write(response)
	_ = w.Close()
	return out.Bytes()
}

// fetchResponses returns nine responses to an operation of the benchmarks.
func fetchResponses(b *testing.B, url, operation string) (responses [][]byte) {
	document, err := os.ReadFile("../../bench/operations/" + operation + ".graphql")
	if err != nil {
		b.Fatal(err)
	}
	fetch := func(document string, variables map[string]any) (page listPage, body []byte) {
		request, err := json.Marshal(map[string]any{"query": document, "variables": variables})
		if err != nil {
			b.Fatal(err)
		}
		r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/graphql", bytes.NewReader(request))
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(body, &page) != nil {
			b.Fatalf("%s: %s %s %v", operation, response.Status, body, err)
		}
		return page, body
	}
	courses, _ := fetch("{ courses(first: 9) { nodes { slug } } }", nil)
	variables := map[string]any{"first": 12, "query": "course"}
	for i := range 9 {
		variables["slug"] = courses.Data["courses"].Nodes[i].Slug
		page, body := fetch(string(document), variables)
		responses = append(responses, body)
		for _, list := range page.Data {
			variables["after"] = list.PageInfo.EndCursor
		}
	}
	return responses
}

// listPage is the part of a response that leads to the next page.
type listPage struct {
	Data map[string]struct {
		Nodes    []struct{ Slug string }
		PageInfo struct{ EndCursor *string }
	}
}
