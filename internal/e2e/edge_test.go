package e2e

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	origin = "Origin: https://app.example.com"
	isJSON = "Content-Type: application/json"
	hello  = `{"query":"{ __typename }"}`
	change = `{"query":"mutation { __typename }"}`
)

// forwardedFor returns the header in which a proxy sends the address of a client.
func forwardedFor(address string) string { return "X-Forwarded-For: 198.51.100.66, " + address }

// TestEdge checks every kind of response of one server behind a trusted proxy.
func TestEdge(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "TRUSTED_PROXIES=127.0.0.0/8",
		"CORS_ALLOWED_ORIGINS=https://app.example.com", "RATE_LIMIT=6/15m", "RATE_LIMIT_SIGN_IN=2/15m", "RATE_LIMIT_SLOWDOWN=off", "MAX_BATCH=4")
	t.Run("headers", func(t *testing.T) { checkHeaders(t, p) })
	t.Run("requests", func(t *testing.T) { checkRequestLimit(t, p) })
	t.Run("attempts", func(t *testing.T) { checkAttempts(t, p) })
	t.Run("batches", func(t *testing.T) { checkBatches(t, p) })
	t.Run("costs", func(t *testing.T) { checkCosts(t, p) })
	t.Run("head", func(t *testing.T) { checkHead(t, p) })
	t.Run("forgery", func(t *testing.T) { checkForgery(t, p) })
	t.Run("compression", func(t *testing.T) { checkCompression(t, p) })
}

// checkHeaders checks that every response has the security headers, successful or not.
func checkHeaders(t *testing.T, p *program) {
	for i := range 6 {
		if resp := p.send(t, http.MethodPost, "/graphql", change, isJSON, forwardedFor("203.0.113.1")); resp.Status != 200 {
			t.Fatalf("request %d: %s", i, resp)
		}
	}
	for _, tt := range []struct {
		method, path string
		headers      []string
		status       int
	}{
		{"GET", "/", nil, 200},
		{"GET", "/playground", nil, 200},
		{"GET", "/schema.graphql", nil, 200},
		{"GET", "/healthz", nil, 200},
		{"GET", "/nowhere", nil, 404},
		{"POST", "/playground", nil, 405},
		{"PUT", "/graphql", []string{forwardedFor("203.0.113.2")}, 405},
		{"POST", "/graphql", []string{forwardedFor("203.0.113.2"), isJSON}, 200},
		{"POST", "/graphql", []string{forwardedFor("203.0.113.2"), isJSON, "Authorization: Bearer nonsense"}, 401},
		{"POST", "/graphql", []string{forwardedFor("203.0.113.1"), isJSON}, 429},
		{"OPTIONS", "/graphql", []string{"Access-Control-Request-Method: POST"}, 204},
	} {
		for _, by := range []string{"http", "https"} {
			resp := p.send(t, tt.method, tt.path, change, append(tt.headers, origin, "X-Forwarded-Proto: "+by)...)
			h := resp.Header
			if resp.Status != tt.status {
				t.Errorf("%s %s: %.200s, want %d", tt.method, tt.path, resp, tt.status)
			}
			isPage := !slices.Contains(tt.headers, isJSON) // a browser may show it
			if h.Get("X-Content-Type-Options") != "nosniff" ||
				isPage && (h.Get("Cross-Origin-Resource-Policy") != "same-origin" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'")) ||
				(h.Get("Strict-Transport-Security") != "") != (by == "https") {
				t.Errorf("%s %s, %d by %s: %v", tt.method, tt.path, resp.Status, by, h)
			}
			if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") || h.Get("Access-Control-Allow-Origin") != "https://app.example.com" && tt.method != "PUT" {
				t.Errorf("%s %s, %d: Vary %q, for %q", tt.method, tt.path, resp.Status, h.Values("Vary"), h.Get("Access-Control-Allow-Origin"))
			}
		}
		if resp := p.send(t, tt.method, tt.path, change, tt.headers...); !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s %s without an Origin: Vary %q", tt.method, tt.path, resp.Header.Values("Vary"))
		}
	}
}

// checkRequestLimit uses up the limit of one address and checks the RateLimit headers.
func checkRequestLimit(t *testing.T, p *program) {
	me := forwardedFor("203.0.113.3")
	resp := p.send(t, http.MethodPost, "/graphql", hello, isJSON, me)
	if got := resp.Header.Get("RateLimit"); resp.Status != 200 || !strings.HasPrefix(got, `"requests";r=59`) || strings.Contains(got, "default") {
		t.Errorf("a query: %d, RateLimit %s", resp.Status, got)
	}
	for n := 5; n >= 0; n-- {
		resp := p.send(t, http.MethodPost, "/graphql", change, isJSON, me)
		if got := resp.Header.Get("RateLimit"); resp.Status != 200 || !strings.Contains(got, `"default";r=`+strconv.Itoa(n)+";t=") {
			t.Errorf("with %d left: %d, RateLimit %s", n, resp.Status, got)
		}
		if got := resp.Header.Get("RateLimit-Policy"); !strings.HasPrefix(got, `"requests";q=600;w=900, "default";q=6;w=900`) {
			t.Errorf("RateLimit-Policy is %s", got)
		}
	}
	if resp := p.send(t, http.MethodPost, "/graphql", hello, isJSON, me); resp.Status != 200 {
		t.Errorf("a query of an address without mutations: %s", resp)
	}
	resp = p.send(t, http.MethodPost, "/graphql", change, isJSON, me, origin)
	a := resp.Result(t)
	wait, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || wait < 100 || wait > 150 || a.Status != 429 || a.Codes() != "RATE_LIMITED" || !strings.Contains(a.Errors[0].Message, "the limit is 6 in 15 minutes") {
		t.Errorf("one more: %s, Retry-After %s", resp, resp.Header.Get("Retry-After"))
	}
	for _, header := range []string{"Ratelimit", "Ratelimit-Policy", "Retry-After", "Server-Timing", "X-Request-Id", "Idempotent-Replayed"} {
		if exposed := resp.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, header) {
			t.Errorf("a page cannot read %s: %s", header, exposed)
		}
	}
	p.awaitReady(t)
	for _, path := range []string{"/healthz", "/readyz", "/playground", "/schema.graphql", "/"} {
		if resp := p.send(t, http.MethodGet, path, "", me); resp.Status != 200 || resp.Header.Get("RateLimit") != "" {
			t.Errorf("%s is limited: %d %v", path, resp.Status, resp.Header)
		}
	}
	// A signed-in viewer has a limit of its own, and an instructor the larger one.
	token := strings.TrimSpace(mustRun7p(t, []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}, "token", "--email", "instructor@7p.example"))
	resp = p.send(t, http.MethodPost, "/graphql", change, isJSON, me, "Authorization: Bearer "+token)
	if got := resp.Header.Get("RateLimit"); resp.Status != 200 || !strings.Contains(got, `"premium";r=999;t=`) {
		t.Errorf("an instructor: %d, RateLimit %s", resp.Status, got)
	}
}

// checkAttempts exceeds the limit of sign-ins of one address.
func checkAttempts(t *testing.T, p *program) {
	in := map[string]any{"in": map[string]string{"email": student, "password": "wrong " + demo.Password}}
	try := func(address, query string) (*gqltest.Response, gqltest.Result) {
		resp := p.send(t, http.MethodPost, "/graphql", gqltest.QueryBody(query, in), isJSON, forwardedFor(address))
		return resp, resp.Result(t)
	}
	for n := 1; n >= 0; n-- {
		resp, a := try("203.0.113.4", signIn)
		if got := resp.Header.Get("RateLimit"); a.Status != 200 || a.Codes() != "" || !strings.Contains(got, `"sessions";r=`+strconv.Itoa(n)+";t=4") { // 450 s, less what the attempts took
			t.Fatalf("%+v, RateLimit %s", a, got)
		}
	}
	for _, query := range []string{signIn, `mutation { refreshSession(input: {refreshToken: "x"}) { accessToken } }`} {
		resp, a := try("203.0.113.4", query)
		wait, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if a.Status != 429 || a.Codes() != "RATE_LIMITED" || a.At() != nil || !strings.Contains(a.Errors[0].Message, "the limit is 2 in 15 minutes, retry in ") {
			t.Errorf("the third attempt: %+v", a)
		}
		if want := `"sessions";r=0;t=` + strconv.Itoa(wait); err != nil || wait < 400 || wait > 450 || resp.Header.Get("RateLimit") != want {
			t.Errorf("Retry-After %s, RateLimit %s", resp.Header.Get("Retry-After"), resp.Header.Get("RateLimit"))
		}
	}
	if _, a := try("203.0.113.4", titles); a.Codes() != "" {
		t.Errorf("other operations: %+v", a)
	}
	if _, a := try("203.0.113.5", signIn); a.Codes() != "" {
		t.Errorf("another address: %+v", a)
	}
}

// checkBatches checks that each operation of a batch counts as a request, and each mutation as one.
func checkBatches(t *testing.T, p *program) {
	send := func(operation string, n int) *gqltest.Response {
		body := "[" + strings.TrimSuffix(strings.Repeat(operation+",", n), ",") + "]"
		return p.send(t, http.MethodPost, "/graphql", body, isJSON, forwardedFor("203.0.113.6"))
	}
	if got := send(hello, 4).Header.Get("RateLimit"); !strings.HasPrefix(got, `"requests";r=596;`) {
		t.Errorf("a batch of 4: RateLimit %s", got)
	}
	resp := send(change, 4)
	if got := resp.Header.Get("RateLimit"); resp.Status != 200 || strings.Count(resp.Text(), `{"data":{"__typename":"Mutation"}}`) != 4 || !strings.Contains(got, `"default";r=2;`) {
		t.Errorf("4 of 6: %s, RateLimit %s", resp, got)
	}
	resp = send(change, 3)
	if got := resp.Text(); resp.Status != 200 || strings.Count(got, `"Mutation"`) != 2 || strings.Count(got, "RATE_LIMITED") != 1 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("3 of 2: %s, Retry-After %s", resp, resp.Header.Get("Retry-After"))
	}
	resp = p.send(t, http.MethodPost, "/graphql", "[1,2,3,4,5]", isJSON, forwardedFor("203.0.113.7"))
	if a := resp.Result(t); a.Status != 422 || a.Codes() != "BATCH_LIMIT_EXCEEDED" {
		t.Errorf("too many: %+v", a)
	}
}

// checkCosts requests the costs of operations, from a page of another origin.
func checkCosts(t *testing.T, p *program) {
	const courses = `{"query":"{ courses(first: 2) { nodes { id } } }"}`
	for header, want := range map[string]string{
		"GraphQL-Cost: 1":    `"extensions":{"cost":{"requestedQueryCost":53,"actualQueryCost":53,"maximumAvailable":50000,"byPath":[{"path":"courses","requested":51,"actual":51},{"path":"courses.nodes","requested":2,"actual":2}]}}`,
		"GraphQL-Dry-Run: 1": `{"data":null,"extensions":{"cost":{"requestedQueryCost":53,"actualQueryCost":null,"maximumAvailable":50000,"byPath":[{"path":"courses","requested":51,"actual":null},{"path":"courses.nodes","requested":2,"actual":null}]},"dryRun":{"fields":4,`,
	} {
		name, _, _ := strings.Cut(header, ":")
		preflight := p.send(t, http.MethodOptions, "/graphql", "", origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+strings.ToLower(name))
		if preflight.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%s is not allowed: %v", name, preflight.Header)
		}
		resp := p.send(t, http.MethodPost, "/graphql", courses, isJSON, header, forwardedFor("203.0.113.8"))
		if isCounted := strings.Contains(resp.Header.Get("RateLimit"), `"cost"`); resp.Status != 200 || !strings.Contains(resp.Text(), want) || isCounted != strings.HasPrefix(header, "GraphQL-Cost") {
			t.Errorf("%s: %s, RateLimit %s", header, resp, resp.Header.Get("RateLimit"))
		}
	}
}

// checkForgery sends the requests that a page of another site can make a browser send without a
// preflight: none of them is executed.
func checkForgery(t *testing.T, p *program) {
	const query = "/graphql?query=%7B__typename%7D"
	for i, tt := range []struct {
		method, path, body, contentType string
		status                          int
	}{
		{"POST", "/graphql", hello, "text/plain", 415},
		{"POST", "/graphql", hello, "text/plain; application/json", 415},
		{"POST", "/graphql", "query=%7B__typename%7D", "application/x-www-form-urlencoded", 415},
		{"POST", "/graphql", "--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x", 415},
		{"POST", "/graphql", hello, "", 415},
		{"POST", query, "", "", 415},
		{"GET", query, "", "", 400},
		{"GET", query, "", "text/plain", 415},
		{"HEAD", query, "", "", 405},
	} {
		headers := []string{"Origin: https://evil.example", forwardedFor("203.0.113.1" + strconv.Itoa(i))}
		if tt.contentType != "" {
			headers = append(headers, "Content-Type: "+tt.contentType)
		}
		resp := p.send(t, tt.method, tt.path, tt.body, headers...)
		if resp.Status != tt.status || strings.Contains(resp.Text(), "__typename") || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s of %q: %s %v", tt.method, tt.path, tt.contentType, resp, resp.Header)
		}
	}
}

// checkHead sends a header that is too long, and one that never ends.
func checkHead(t *testing.T, p *program) {
	for name, tt := range map[string]struct{ head, want string }{
		// A little more than the server reads, so that it does not close the connection during the write.
		"long": {"X-Long: " + strings.Repeat("x", 1<<20+16<<10) + "\r\n\r\n", "HTTP/1.1 431 "},
		"slow": {"X-Slow: x", ""}, // the connection is closed
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: a\r\n"+tt.head); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.LimitReader(conn, int64(len("HTTP/1.1 431 "))))
			if string(got) != tt.want || tt.want == "" && err != nil {
				t.Errorf("answered %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func checkCompression(t *testing.T, p *program) {
	for _, tt := range []struct{ path, accept, optOut, want string }{
		{"/schema.graphql", "gzip, deflate, br, zstd", "", "zstd"},
		{"/schema.graphql", "br;q=1, gzip;q=0.5", "", "br"},
		{"/schema.graphql", "gzip, *;q=0", "", "gzip"},
		{"/schema.graphql", "identity", "", ""},
		{"/schema.graphql", "gzip", "1", ""},
		{"/healthz", "gzip", "", ""}, // too small
	} {
		headers := []string{"Accept-Encoding: " + tt.accept}
		if tt.optOut != "" {
			headers = append(headers, "X-No-Compression: "+tt.optOut)
		}
		resp := p.send(t, http.MethodGet, tt.path, "", headers...)
		if got := resp.Header.Get("Content-Encoding"); got != tt.want {
			t.Errorf("%s for %q: coded as %q, want %q", tt.path, tt.accept, got, tt.want)
		}
	}
}

// A server with a DATABASE_URL has rate limits by default.
func TestLimitsByDefault(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=")
	resp := p.send(t, http.MethodPost, "/graphql", hello, isJSON)
	if got := resp.Header.Get("RateLimit-Policy"); got != `"requests";q=10000;w=900, "default";q=100;w=900, "cost";q=200000;w=60, "refreshes";q=300;w=900, "sessions";q=5;w=900` {
		t.Errorf("the limits are %s", got)
	}
}

// Without trusted proxies a client cannot forge its address.
func TestForgedAddress(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=3/15m")
	for n := range 5 {
		resp := p.send(t, http.MethodPost, "/graphql", change, isJSON, "X-Forwarded-For: 203.0.113."+strconv.Itoa(n), "X-Forwarded-Proto: https",
			"Forwarded: for=203.0.113."+strconv.Itoa(n)+";proto=https", "X-Request-Id: forged-"+strconv.Itoa(n))
		if want := map[bool]int{true: 200, false: 429}[n < 3]; resp.Status != want || resp.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("request %d: %d, want %d", n, resp.Status, want)
		}
	}
	if line := p.await(t, "request_id", "forged-4"); line["remote"] != "127.0.0.1" || line["status"] != 429.0 {
		t.Errorf("logged %v", line)
	}
}

// A server with the key names its users, or is exempt from the limit of its address. Other callers can do neither.
func TestTrustedCaller(t *testing.T) {
	t.Parallel()
	const key = "a key of the server that renders"
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=1/15m", "RATE_LIMIT_SLOWDOWN=off", "TRUSTED_CALLER_KEY="+key)
	for i, want := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Trusted-Caller-Key: " + key}, 200},
		{[]string{"Trusted-Caller-Key: " + key}, 200},
		{[]string{"Trusted-Caller-Key: " + key, "End-User-Address: 203.0.113.1"}, 200},
		{[]string{"Trusted-Caller-Key: " + key, "End-User-Address: 203.0.113.1"}, 429},
		{[]string{"Trusted-Caller-Key: " + key, "End-User-Address: 203.0.113.2"}, 200},
		{[]string{"Trusted-Caller-Key: another key", "End-User-Address: 203.0.113.3"}, 200}, // of its own address
		{[]string{"Trusted-Caller-Key: another key"}, 429},
		{[]string{"End-User-Address: 203.0.113.4"}, 429},
	} {
		if resp := p.send(t, http.MethodPost, "/graphql", change, append(want.headers, isJSON)...); resp.Status != want.status {
			t.Errorf("request %d: %s, want %d", i, resp, want.status)
		}
	}
	if strings.Contains(p.stdout.String()+p.stderr.String(), key) {
		t.Error("the key is in the log")
	}
}

// Rate limits hold in each process while Redis does not answer, and are shared again afterwards.
func TestLimitsOutliveRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "REDIS_URL="+redis.URL(), "TRUSTED_PROXIES=127.0.0.1",
		"RATE_LIMIT=10/15m", "RATE_LIMIT_SLOWDOWN=off", "RATE_LIMIT_COST=off")
	awaitRedis := func() {
		for deadline := time.Now().Add(patience); ; {
			if resp := p.send(t, http.MethodGet, "/readyz", ""); strings.Contains(resp.Text(), `"redis":"ok"`) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("Redis is still unavailable")
			}
		}
	}
	// countAllowed returns how many of 20 requests are allowed.
	countAllowed := func(address string) (allowed int) {
		for range 20 {
			if resp := p.send(t, http.MethodPost, "/graphql", change, isJSON, forwardedFor(address)); resp.Status == 200 {
				allowed++
			}
		}
		return allowed
	}
	awaitRedis()
	for name, outage := range map[string]struct{ begin, end func() }{
		"stopped": {redis.Kill, redis.Restart},
		"paused":  {redis.Pause, redis.Resume},
	} {
		outage.begin()
		if got := countAllowed("2001:db8:" + strconv.Itoa(len(name)) + "::1"); got != 5 {
			t.Errorf("Redis is %s: %d requests were allowed, want half of 10", name, got)
		}
		outage.end()
		awaitRedis()
	}
	// On a busy machine Redis may miss its deadline: then try another address.
	for n, deadline := 1, time.Now().Add(patience); ; n++ {
		resp := p.send(t, http.MethodPost, "/graphql", change, isJSON, forwardedFor("203.0.113."+strconv.Itoa(n)))
		if strings.Contains(resp.Header.Get("RateLimit"), `"default";r=9;`) {
			return
		}
		if n == 200 || time.Now().After(deadline) {
			t.Fatalf("Redis answers again, and the limit is not shared: %s", resp.Header.Get("RateLimit"))
		}
	}
}
