package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// hush is a value that no log may have.
const hush = "a-secret-of-a-variable"

// logLine returns the first line of the log with the values, as "key=value".
func (p *program) logLine(t *testing.T, values ...string) map[string]any {
	t.Helper()
	var found map[string]any
	p.awaitText(t, p.stdout, strings.Join(values, " "), func(text string) bool {
		for line := range strings.Lines(text) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) != nil {
				continue
			}
			matches := true
			for _, v := range values {
				key, want, _ := strings.Cut(v, "=")
				matches = matches && entry[key] == want
			}
			if matches {
				found = entry
				return true
			}
		}
		return false
	})
	return found
}

// sendSocketQuery sends a query over a WebSocket and returns the messages up to complete.
func (p *program) sendSocketQuery(t *testing.T, query string) (messages string) {
	t.Helper()
	dialer := ws.Dialer{Protocols: []string{"graphql-transport-ws"}, Header: ws.HandshakeHeaderHTTP{"Graphql-Client-Name": {"ios"}}}
	conn, _, _, err := dialer.Dial(t.Context(), strings.Replace(p.base, "http", "ws", 1)+"/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, message := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + gqltest.QueryBody(query, nil) + `}`} {
		if err := wsutil.WriteClientText(conn, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	for !strings.Contains(messages, `"complete"`) {
		text, err := wsutil.ReadServerText(conn)
		if err != nil {
			t.Fatalf("%v after %s", err, messages)
		}
		messages += string(text)
	}
	return messages
}

// TestOperationsAreObserved sends operations and checks the metrics, the access log and the lines of slow operations.
func TestOperationsAreObserved(t *testing.T) {
	t.Parallel()
	manifest := filepath.Join(t.TempDir(), "documents.json")
	const document = "query CatalogPage($after: String) { courses(first: 2, after: $after) { nodes { title instructor { name } } } }"
	list, _ := json.Marshal(map[string]any{
		"format": "apollo-persisted-query-manifest", "version": 1,
		"operations": []any{map[string]any{"id": "catalog-1", "name": "CatalogPage", "type": "query", "body": document}},
	})
	if err := os.WriteFile(manifest, list, 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "PERSISTED_QUERY_MANIFEST="+manifest,
		"SLOW_OPERATION=1us", "METRICS_CLIENTS=web,ios", "RESPONSE_CACHE=off")
	p.post(t, `{"documentId":"catalog-1"}`, "Apollographql-Client-Name: web", "Apollographql-Client-Version: 2.1", "X-Request-Id: trusted")
	const search = `{"query":"query Named($text: String!) { searchCourses(query: $text) { totalCount } }","variables":{"text":"` + hush + `"}}`
	p.post(t, search, "Apollographql-Client-Name: invented", "X-Request-Id: text")
	p.post(t, `{"query":"{ course(id: \"x\") { id } courses(first: 1) { nodes { id } } }"}`, "X-Request-Id: errors")
	p.sendSocketQuery(t, "query OverSocket { courses(first: 1) { nodes { id } } }")

	line := p.logLine(t, "msg=request", "request_id=trusted")
	for key, want := range map[string]any{
		"operation": "query CatalogPage", "document": "catalog-1", "document_operation": "CatalogPage", "cache": "bypass", "cache_detail": "off",
		"client": "web", "client_version": "2.1", "sql_round_trips": 2.0, "status": 200.0,
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v in %v", key, line[key], want, line)
		}
	}
	if cost, _ := line["cost"].(float64); cost < 1 {
		t.Errorf("cost is %v", line["cost"])
	}
	if hash, _ := p.logLine(t, "msg=request", "request_id=text")["document"].(string); len(hash) != 64 {
		t.Errorf("document is %q", hash)
	}
	socket := p.logLine(t, "msg=request", "method=WEBSOCKET")
	if socket["operation"] != "query OverSocket" || socket["client"] != "ios" || socket["path"] != "/graphql" || socket["status"] != 200.0 || socket["bytes"].(float64) < 20 {
		t.Errorf("the operation of the socket is %v", socket)
	}
	slow := p.logLine(t, "msg=slow operation", "request_id=trusted")
	statements, _ := json.Marshal(slow["statements"])
	batches, _ := json.Marshal(slow["batches"])
	if slow["level"] != "WARN" || slow["document"] != "catalog-1" || slow["round_trips"] != 2.0 || !strings.Contains(string(statements), `"name":"Courses`) ||
		string(batches) != `[{"keys":2,"loader":"User","round_trip":2}]` {
		t.Errorf("the slow operation is %v", slow)
	}
	if strings.Contains(p.stdout.String(), hush) {
		t.Error("the log has a variable")
	}
	p.checkOperationMetrics(t)
}

func (p *program) checkOperationMetrics(t *testing.T) {
	t.Helper()
	got := p.metrics(t)
	for name, want := range map[string]float64{
		`sevenp_graphql_operation_duration_seconds_count{operation="CatalogPage"}`: 1,
		`sevenp_graphql_client_duration_seconds_count{client="web"}`:               1,
		`sevenp_graphql_client_duration_seconds_count{client="ios"}`:               1,
		`sevenp_graphql_client_duration_seconds_count{client="other"}`:             1,
		`sevenp_graphql_client_duration_seconds_count{client="none"}`:              1,
		`sevenp_graphql_client_errors_total{client="none"}`:                        1,
		`sevenp_graphql_field_errors_total{code="BAD_USER_INPUT"}`:                 1,
		`sevenp_graphql_phase_duration_seconds_count{phase="parse"}`:               4,
		`sevenp_graphql_phase_duration_seconds_count{phase="validate"}`:            4,
		`sevenp_graphql_phase_duration_seconds_count{phase="execute"}`:             4,
		`sevenp_graphql_operations_total{kind="query",outcome="ok"}`:               3,
		`sevenp_http_requests_in_flight`:                                           1, // this one
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	hashed, statements := 0, 0
	for name, value := range got {
		if strings.Contains(name, "Named") || strings.Contains(name, "invented") || strings.Contains(name, "OverSocket") {
			t.Errorf("a caller chose a label: %s", name)
		}
		if strings.HasPrefix(name, `sevenp_graphql_operation_duration_seconds_count{operation="sha256:`) {
			hashed++
		}
		if strings.HasPrefix(name, `sevenp_sql_duration_seconds_count{database="primary",statement="Courses`) && value > 0 {
			statements++
		}
	}
	if hashed != 3 || statements == 0 || got[`sevenp_http_response_size_bytes_count{route="/graphql"}`] < 4 {
		t.Errorf("%d operations by hash, %d statements", hashed, statements)
	}
}

// TestAdminAddress checks the routes for operators and who may use them.
func TestAdminAddress(t *testing.T) {
	t.Parallel()
	const token = "a token of operators"
	p := start7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "ADMIN_ADDR=:0", "ADMIN_TOKEN="+token)
	addr := p.await(t, "msg", "listening for operators")["addr"].(string)
	if host, _, _ := net.SplitHostPort(addr); host != "127.0.0.1" {
		t.Errorf("it listens on %s", addr)
	}
	p.awaitStarted(t)
	send := func(method, path, body string, headers ...string) (int, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
			if name == "Host" {
				r.Host = value
			}
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text)
	}
	for _, tt := range []struct {
		method, path, body string
		headers            []string
		status             int
		contains           string
	}{
		{"GET", "/metrics", "", nil, 200, "sevenp_db_connections_max{"},
		{"GET", "/debug/pprof/", "", nil, 200, "goroutine"},
		{"GET", "/debug/pprof/heap?debug=1", "", nil, 200, "heap profile"},
		{"GET", "/debug/pprof/cmdline", "", nil, 404, ""},
		{"GET", "/healthz", "", []string{"Authorization: none"}, 200, `"ok"`},
		{"GET", "/readyz", "", []string{"Authorization: none"}, 200, `"database":"ok"`},
		{"GET", "/log-level", "", nil, 200, "info"},
		{"PUT", "/log-level", "loud", nil, 400, "send debug, info, warn or error"},
		{"PUT", "/log-level", "error", []string{"Authorization: Bearer wrong"}, 401, "ADMIN_TOKEN"},
		{"GET", "/metrics", "", []string{"Authorization: none"}, 401, "ADMIN_TOKEN"},
		{"GET", "/metrics", "", []string{"Host: rebound.example:9090"}, 403, "loopback"},
		{"PUT", "/log-level", "debug\n", nil, 200, "debug"},
		{"GET", "/log-level", "", nil, 200, "debug"},
		{"GET", "/graphql", "", nil, 404, ""},
	} {
		if status, text := send(tt.method, tt.path, tt.body, tt.headers...); status != tt.status || !strings.Contains(text, tt.contains) {
			t.Errorf("%s %s %q: %d %.300s, want %d %s", tt.method, tt.path, tt.headers, status, text, tt.status, tt.contains)
		}
	}
	p.await(t, "msg", "log level changed")
	if resp := p.send(t, http.MethodGet, "/debug/pprof/", ""); resp.Status != http.StatusNotFound {
		t.Errorf("the public address has profiles: %s", resp)
	}
	if strings.Contains(p.stdout.String(), token) {
		t.Error("the token is in the log")
	}
}

// TestAccessLogSettings checks that the access log has a switch of its own, apart from the level of the log.
func TestAccessLogSettings(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	off := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret, "ACCESS_LOG=off")
	on := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret, "ADMIN_ADDR=127.0.0.1:0")
	admin := gqltest.NewHTTPClient("http://" + on.await(t, "msg", "listening for operators")["addr"].(string))
	if resp := admin.Do(t, gqltest.Request{Method: http.MethodPut, Path: "/log-level", Body: "error"}); resp.Status != http.StatusOK {
		t.Fatalf("%s", resp)
	}
	for _, p := range []*program{off, on} {
		p.send(t, http.MethodGet, "/readyz", "", "X-Request-Id: probe")
		p.post(t, hello, "X-Request-Id: counted")
	}
	on.logLine(t, "msg=request", "request_id=counted", "level=INFO")
	if text := off.stdout.String(); strings.Contains(text, `"msg":"request"`) {
		t.Errorf("the access log is not off:\n%s", text)
	}
	if text := on.stdout.String(); strings.Contains(text, "probe") {
		t.Errorf("a probe is in the log:\n%s", text)
	}
}
