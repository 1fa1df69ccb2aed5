package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
)

const (
	student = "student@7p.example"
	secret  = "a secret of these tests of more than 32 bytes"

	whoAmI = `{ viewer { email name } }`
	titles = `{ courses(first: 3) { nodes { title } } }`
)

// A server with a private PostgreSQL survives a first start, requests, SIGTERM, a second start,
// SIGKILL and a third start.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	env := []string{"EMBEDDED_POSTGRES_DIR=" + dir}

	p := serve7p(t, env...)
	checkBanner(t, p, dir)
	token := strings.TrimSpace(mustRun7p(t, env, "token", "--email", student))
	bearer := "Authorization: Bearer " + token
	t.Run("pages", func(t *testing.T) { checkPages(t, p) })
	t.Run("playground", func(t *testing.T) { checkPlayground(t, p) })
	t.Run("operations", func(t *testing.T) { checkOperations(t, p, bearer) })
	t.Run("tokens", func(t *testing.T) { checkTokens(t, p, bearer) })
	t.Run("rejections", func(t *testing.T) { checkRejections(t, p) })
	t.Run("log", func(t *testing.T) { checkLog(t, p, token) })
	before := p.query(t, titles, nil)

	pid := postgresPID(t, dir)
	if code := p.signal(t, syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, p.stderr)
	}
	if isAlive(pid) {
		t.Error("PostgreSQL outlived the program after SIGTERM")
	}

	p = serve7p(t, env...)
	for _, step := range []string{"Migrated", "Loaded", "making"} {
		if strings.Contains(p.stderr.String(), step) {
			t.Errorf("the second start repeated the work of the first:\n%s", p.stderr)
		}
	}
	if diff := cmp.Diff(before, p.query(t, titles, nil)); diff != "" {
		t.Errorf("the data after a restart (-before +after):\n%s", diff)
	}
	if a := p.query(t, whoAmI, nil, bearer); a.Codes() != "" {
		t.Errorf("a token does not outlive a restart: %+v", a)
	}

	pid = postgresPID(t, dir)
	if code := p.signal(t, syscall.SIGKILL); code != -1 {
		t.Errorf("SIGKILL: exit code %d", code)
	}
	awaitExit(t, pid)

	p = serve7p(t, env...)
	if diff := cmp.Diff(before, p.query(t, titles, nil)); diff != "" {
		t.Errorf("the data after a crash (-before +after):\n%s", diff)
	}
	if code := p.signal(t, os.Interrupt); code != 0 {
		t.Errorf("interrupt: exit code %d\n%s", code, p.stderr)
	}
}

// checkBanner checks what the program prints at its start.
func checkBanner(t *testing.T, p *program, dir string) {
	t.Helper()
	base := strings.Replace(p.base, "127.0.0.1", "localhost", 1)
	for _, want := range []string{
		base + "/playground", base + "/graphql", base + "/schema.graphql", base + "/healthz", base + "/readyz",
		student, "instructor@7p.example", "admin@7p.example", "correct horse battery", `psql "postgres://`,
		`EMBEDDED_POSTGRES_DIR="` + dir + `" go run . token`,
	} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("no %q in the banner:\n%s", want, p.stderr)
		}
	}
}

func checkPages(t *testing.T, p *program) {
	p.awaitReady(t)
	for path, want := range map[string]struct {
		status      int
		contentType string
		text        string
	}{
		"/":               {200, "text/html", "Find your next course"},
		"/playground":     {200, "text/html", "graphiql"},
		"/schema.graphql": {200, "application/graphql", "type Query"},
		"/healthz":        {200, "application/json", `{"status":"ok"}`},
		"/readyz":         {200, "application/json", `{"status":"ok","checks":{"database":"ok","migrations":"ok","writes":"ok"}}`},
		"/nowhere":        {404, "", ""},
	} {
		resp := p.send(t, http.MethodGet, path, "")
		if resp.Status != want.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), want.contentType) || !strings.Contains(resp.Text(), want.text) {
			t.Errorf("GET %s: %s %.200s", path, resp.Header.Get("Content-Type"), resp)
		}
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: headers %v", path, resp.Header)
		}
	}
}

// checkOperations runs the examples of the playground, which are the operations of the front end.
func checkOperations(t *testing.T, p *program, bearer string) {
	for name, path := range map[string][]any{
		"catalog":     {"courses", "nodes", 0, "title"},
		"course-page": {"course", "videos", "nodes", 0, "title"},
		"search":      {"searchCourses", "edges", 0, "node", "title"},
		"dashboard":   {"viewer", "dashboard", "recentActivity", 0, "course", "title"},
		"browse-tree": {"categories", 0, "courses", "nodes", 0, "instructor", "name"},
	} {
		a := p.query(t, readFile(t, "../../web/playground/operations/"+name+".graphql"),
			json.RawMessage(readFile(t, "../../web/playground/operations/"+name+".json")), bearer)
		if a.Status != 200 || a.Codes() != "" || a.At(path...) == nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func checkTokens(t *testing.T, p *program, bearer string) {
	want := map[string]any{"viewer": map[string]any{"email": student, "name": "Sofía Lindqvist"}}
	if diff := cmp.Diff(want, p.query(t, whoAmI, nil, bearer).At()); diff != "" {
		t.Errorf("the viewer is not the account of the token (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"viewer": nil}, p.query(t, whoAmI, nil).At()); diff != "" {
		t.Errorf("a viewer without a token (-want +got):\n%s", diff)
	}
	for _, header := range []string{"Authorization: Bearer nonsense", bearer + "x", "Authorization: Basic c3R1ZGVudA=="} {
		if a := p.query(t, whoAmI, nil, header); a.Status != 401 || a.Codes() != "UNAUTHENTICATED" {
			t.Errorf("%.40s: %+v", header, a)
		}
	}
}

func checkRejections(t *testing.T, p *program) {
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
		message    string
	}{
		{"bad JSON", `{"query":`, 400, "BAD_REQUEST", "JSON"},
		{"bad syntax", `{"query":"{ courses"}`, 400, "GRAPHQL_PARSE_FAILED", "Expected"},
		{"unknown field", `{"query":"{ nothing }"}`, 422, "GRAPHQL_VALIDATION_FAILED", "nothing"},
		{"too large a body", `{"query":"` + strings.Repeat(" ", 102_400) + `"}`, 413, "PAYLOAD_TOO_LARGE", "102400 bytes"},
	} {
		a := p.post(t, tt.body)
		if a.Status != tt.status || a.Codes() != tt.code || !strings.Contains(a.Errors[0].Message, tt.message) {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
	mutation := "/graphql?query=" + url.QueryEscape(`mutation { __typename }`)
	resp := p.send(t, http.MethodGet, mutation, "", "GraphQL-Require-Preflight: 1")
	if resp.Status < 400 || resp.Result(t).At() != nil {
		t.Errorf("a mutation by GET: %s", resp)
	}
}

// checkLog checks that the log is JSON and has no secrets.
func checkLog(t *testing.T, p *program, token string) {
	const id, last = "the-request-of-this-test", "the-last-request"
	p.query(t, "query Logged "+whoAmI, nil, "Authorization: Bearer "+token, "X-Request-Id: "+id)
	p.send(t, http.MethodGet, "/nowhere?token="+token, "", "X-Request-Id: "+last)
	got := p.await(t, "request_id", id)
	p.await(t, "request_id", last)
	for line := range strings.Lines(p.stdout.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is not JSON: %s", line)
		}
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "path": "/graphql", "status": 200.0,
		"operation": "query Logged", "remote": "127.0.0.1", "request_id": id,
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("the access log's %s is %v, want %v", key, got[key], value)
		}
	}
	if strings.Contains(p.stdout.String()+p.stderr.String(), token) {
		t.Error("the token is in the log")
	}
}

// A server on another database answers the request in progress before it stops.
func TestDrain(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret)
	for _, hint := range []string{"Demo accounts", "psql"} {
		if strings.Contains(p.stderr.String(), hint) {
			t.Errorf("with a DATABASE_URL the banner has %q:\n%s", hint, p.stderr)
		}
	}
	finish := sendSlowly(t, p, `{"query":"`+titles+`"}`)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await(t, "msg", "stopping")
	if a := finish(); a.Status != 200 || a.Codes() != "" || a.At("courses", "nodes", 0, "title") == nil {
		t.Errorf("the response to the request in progress is %+v", a)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
	p.await(t, "msg", "stopped")
}

// For SHUTDOWN_DELAY the server continues to serve, from its cache too.
func TestDrainServesFromCache(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=off", "SHUTDOWN_DELAY=4s")
	p.awaitLease(t)
	p.cacheStatus(t, titles, "null")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await(t, "msg", "stopping")
	time.Sleep(invalidation.Lease * 3 / 2) // by then the lease would have expired without polling
	if got := p.cacheStatus(t, titles, "null"); !isHit(got) {
		t.Errorf("while draining: %s", got)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

// A server whose requests take longer than SHUTDOWN_TIMEOUT exits with an error.
func TestDrainTimeout(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.New(t), "SHUTDOWN_TIMEOUT=10ms")
	sendSlowly(t, p, "")
	code := p.signal(t, syscall.SIGTERM)
	if want := "did not finish within SHUTDOWN_TIMEOUT=10ms"; code != 1 || !strings.Contains(p.stderr.String(), want) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, p.stderr)
	}
}

// sendSlowly sends a GraphQL request without its body and returns when the server waits for the
// body. The returned function sends the body and returns the response. If it is not called, the
// request ends with the test.
func sendSlowly(t *testing.T, p *program, text string) (finish func() gqltest.Result) {
	t.Helper()
	begun := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(begun) }})
	body, writer := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/graphql", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Expect", "100-continue")
	type result struct {
		response *gqltest.Response
		err      error
	}
	answered := make(chan result, 1)
	go func() {
		var res result
		resp, err := (&http.Transport{ExpectContinueTimeout: patience}).RoundTrip(r)
		if res.err = err; err == nil {
			res.response, res.err = gqltest.ReadResponse(resp)
		}
		answered <- res
	}()
	select {
	case <-begun:
	case res := <-answered:
		t.Fatalf("answered before the body was sent: %+v", res)
	}
	return func() gqltest.Result {
		_, err := io.WriteString(writer, text)
		writer.CloseWithError(err)
		res := <-answered
		if res.err != nil {
			t.Fatal(res.err)
		}
		return res.response.Result(t)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + testdb.Direct(t, testdb.New(t)), "JWT_SECRET=" + secret} // migrations need sessions

	last := func(status string) string {
		lines := strings.Split(strings.TrimSpace(status), "\n")
		return lines[len(lines)-1]
	}
	status := mustRun7p(t, env, "migrate", "status")
	newest, applied := strings.CutPrefix(last(status), "applied  ")
	if !applied || strings.Contains(status, "pending") {
		t.Errorf("status of a migrated database:\n%s", status)
	}
	if got := mustRun7p(t, env, "migrate", "down"); got != "reverted: "+newest+"\n" {
		t.Errorf("down: %s", got)
	}
	if got := last(mustRun7p(t, env, "migrate", "status")); got != "pending  "+newest {
		t.Errorf("status after down: %s", got)
	}
	for _, want := range []string{"1 migrations applied\n", "0 migrations applied\n"} {
		if got := mustRun7p(t, env, "migrate", "up"); got != want {
			t.Errorf("up: %s, want %s", got, want)
		}
	}
	mustRun7p(t, env, "seed", "--scale", "small")
	if token := mustRun7p(t, env, "token", "--email", student); strings.Count(token, ".") != 2 {
		t.Errorf("token: %s", token)
	}
	if got := mustRun7p(t, env, "version"); !strings.HasPrefix(got, "7p ") || !strings.Contains(got, " go1.") {
		t.Errorf("version: %s", got)
	}
	if got := mustRun7p(t, env, "schema"); !strings.Contains(got, "\ntype Query {") {
		t.Errorf("schema: %.300s", got)
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	t.Parallel()
	got := mustRun7p(t, []string{
		"DATABASE_URL=postgres://7p:hunter2@db.example/edu", "REDIS_URL=redis://:hunter2@redis.example/0",
		"READ_REPLICA_URL=host=replica.example password=hunter2", "JWT_SECRET=" + secret, "OPERATION_TIMEOUT=3s", "METRICS_TOKEN=" + secret,
	}, "config")
	for _, want := range []string{
		"DATABASE_URL=postgres://7p:xxxxx@db.example/edu\n", "REDIS_URL=redis://:xxxxx@redis.example/0\n",
		"READ_REPLICA_URL=(set)\n", "JWT_SECRET=(set)\n", "OPERATION_TIMEOUT=3s\n", "ADDR=:8080\n",
		"RATE_LIMIT=100/15m\n", "METRICS_TOKEN=(set)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %sin\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") || strings.Contains(got, secret) {
		t.Errorf("a secret is shown:\n%s", got)
	}
}

// The command config returns every mistake at once.
func TestConfigReturnsEveryMistake(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := run7p(t, []string{
		"ADDR=8096", "JWT_SECRET=hunter2", "RATE_LIMIT=100", "CORS_ALLOWED_ORIGINS=nonsense", "TRUSTED_PROXIES=0.0.0.0/0",
		"PERSISTED_QUERY_MANIFEST=/nonexistent", "RESPONSE_CACHE_WARM_FILES=/nonexistent",
	}, "config")
	if code != 1 || !strings.Contains(stdout, "RATE_LIMIT=100\n") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	for _, want := range []string{
		"ADDR: ", "JWT_SECRET needs 32 bytes", "RATE_LIMIT: ", "CORS_ALLOWED_ORIGINS: ", "TRUSTED_PROXIES: ", "PERSISTED_QUERY_MANIFEST: ", "RESPONSE_CACHE_WARM_FILES: ",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if strings.Contains(stdout+stderr, "hunter2") {
		t.Errorf("the secret is shown:\n%s%s", stdout, stderr)
	}
	if _, stderr, code := run7p(t, []string{"REDIS_URL=nonsense"}, "config"); code != 1 || !strings.Contains(stderr, "REDIS_URL: ") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	demo := "DATABASE_URL=" + testdb.NewWithDemo(t)
	for name, tt := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"ADDR":                {env: []string{demo, "ADDR=nonsense"}, want: "ADDR: address nonsense: missing port in address: write a port after a colon, such as :8081"},
		"DATABASE_URL":        {env: []string{"DATABASE_URL=hunter2"}, want: "DATABASE_URL: not a PostgreSQL address"},
		"replica alone":       {env: []string{"READ_REPLICA_URL=postgres://db/edu"}, want: "READ_REPLICA_URL: needs DATABASE_URL"},
		"JWT_SECRET":          {env: []string{demo, "JWT_SECRET=hunter2"}, want: "JWT_SECRET needs 32 bytes"},
		"JWT_SECRET's second": {env: []string{demo, "JWT_SECRET=" + secret + ",hunter2"}, want: "JWT_SECRET needs 32 bytes at least, number 2 of 2"},
		"JWT_KEYS":            {env: []string{demo, "JWT_KEYS=/nonexistent"}, want: "JWT_KEYS is neither"},
		"JWKS_ISSUER":         {env: []string{demo, "JWKS_URL=https://id.example/keys", "JWKS_AUDIENCE=edu"}, want: "JWKS_URL: needs JWKS_ISSUER"},
		"origins":             {env: []string{demo, "CORS_ALLOWED_ORIGINS=nonsense"}, want: "CORS_ALLOWED_ORIGINS"},
		"credentials":         {env: []string{demo, "CORS_ALLOWED_ORIGINS=*", "CORS_CREDENTIALS=true"}, want: "CORS_ALLOWED_ORIGINS: "},
		"TRUSTED_PROXIES":     {env: []string{demo, "TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0"}, want: "TRUSTED_PROXIES: trusted proxy \"0.0.0.0/0\""},
		"RATE_LIMIT":          {env: []string{demo, "RATE_LIMIT=100"}, want: "RATE_LIMIT: rate limit \"100\""},
		"RATE_LIMIT_COST":     {env: []string{demo, "RATE_LIMIT=1/1m", "RATE_LIMIT_COST=x/1m"}, want: "RATE_LIMIT_COST: "},
		"RATE_LIMIT_SLOWDOWN": {env: []string{demo, "RATE_LIMIT=1/1m", "RATE_LIMIT_SLOWDOWN=50"}, want: "RATE_LIMIT_SLOWDOWN: slow-down \"50\""},
		"LOG_LEVEL":           {env: []string{"LOG_LEVEL=loud"}, want: "LOG_LEVEL: must be one of debug, info, warn, error"},
		"ADMIN_ADDR":          {env: []string{"ADMIN_ADDR=9090"}, want: "ADMIN_ADDR: "},
		"ADMIN_ADDR, open":    {env: []string{"ADMIN_ADDR=0.0.0.0:9090"}, want: "set ADMIN_TOKEN"},
		"ADMIN_TOKEN":         {env: []string{"ADMIN_TOKEN=sixteen characters"}, want: "ADMIN_TOKEN: needs ADMIN_ADDR"},
		"ACCESS_LOG_SAMPLE":   {env: []string{"ACCESS_LOG_SAMPLE=1.5"}, want: "ACCESS_LOG_SAMPLE: not a share"},
		"a time":              {env: []string{"OPERATION_TIMEOUT=soon"}, want: "OPERATION_TIMEOUT"},
		"unknown flag":        {args: []string{"--nonsense"}, want: "unknown flag --nonsense"},
		"token for nobody":    {env: []string{demo, "JWT_SECRET=" + secret}, args: []string{"token", "--email", "x@y.z"}, want: `no account with the email "x@y.z"`},
		"token for no server": {env: []string{demo}, args: []string{"token", "--email", student}, want: "a token needs the JWT_SECRET or the JWT_KEYS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := runPlain7p(t, tt.env, tt.args...)
			const usage = 80 // kong's for some of what it cannot read
			if code != 1 && code != usage || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, want 1 and %q:\n%s%s", code, tt.want, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter2") {
				t.Errorf("the secret is shown:\n%s%s", stdout, stderr)
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The banner and readiness report a database with pending migrations.
func TestPendingMigrations(t *testing.T) {
	t.Parallel()
	empty := testdb.New(t)
	pool := testdb.OpenPool(t, empty)
	if _, err := pool.Exec(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		t.Fatal(err)
	}
	p := serve7p(t, "DATABASE_URL="+empty, "JWT_SECRET="+secret)
	if want := "7p migrate up"; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("no %q at the start:\n%s", want, p.stderr)
	}
	for _, args := range [][]string{{"cache", "purge", "--all"}, {"documents", "list"}, {"account", "activate", "--email=a@b"}} {
		if _, stderr, code := runPlain7p(t, []string{"DATABASE_URL=" + empty}, args...); code != 1 || !strings.Contains(stderr, "7p migrate up") {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
	}
	if strings.Contains(p.stdout.String(), "job failed") {
		t.Errorf("jobs ran without the schema:\n%s", p.stdout)
	}
	// A port that is in use is reported.
	addr := strings.TrimPrefix(p.base, "http://")
	if _, stderr, code := run7p(t, []string{"DATABASE_URL=" + empty, "JWT_SECRET=" + secret, "ADDR=" + addr}); code != 1 || !strings.Contains(stderr, "ADDR="+addr+" is in use by another program") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if resp := p.send(t, http.MethodGet, "/readyz", ""); resp.Status != http.StatusServiceUnavailable || !strings.Contains(resp.Text(), `"migrations":"failed"`) {
		t.Errorf("readiness is %s", resp)
	}
}
