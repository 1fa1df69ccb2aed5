package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// chaosTest skips a test that takes minutes, unless CHAOS is set.
func chaosTest(t *testing.T) {
	t.Helper()
	if os.Getenv("CHAOS") == "" {
		t.Skip("takes minutes: make chaos runs it")
	}
}

// startVarnish starts Varnish with deploy/varnish/default.vcl in front of a server, and returns its URL.
func startVarnish(t *testing.T, address, backend string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(strings.TrimPrefix(backend, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	vcl, err := os.ReadFile("../../deploy/varnish/default.vcl")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`.host = "127.0.0.1"`, fmt.Sprintf(".host = %q", host), `.port = "8080"`, fmt.Sprintf(".port = %q", port)).Replace(string(vcl))
	dir := t.TempDir()
	file := filepath.Join(dir, "default.vcl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "varnishd", "-F", "-j", "none", "-n", filepath.Join(dir, "varnish"), "-a", address, "-f", file, "-s", "malloc,64m", "-T", "none", "-p", "thread_pool_min=50")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	output := newOutput()
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("varnishd (package varnish, and varnish-modules): %v", err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	base := "http://" + address
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(base + "/healthz")
		if err == nil {
			_ = resp.Body.Close()
			return base
		}
		if time.Now().After(deadline) {
			t.Fatalf("varnishd does not serve: %s", output)
		}
	}
}

// freeAddress returns an address that no program listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// cdnVersions has the acknowledged versions of a title, and what readers saw too late.
type cdnVersions struct {
	mu    sync.Mutex
	acked []time.Time // by version; the first is that of version 1
	late  []time.Duration
	reads atomic.Int64
	hits  atomic.Int64
}

// record records a response with a version that was requested at a time.
func (v *cdnVersions) record(version int, requested time.Time) {
	v.reads.Add(1)
	v.mu.Lock()
	defer v.mu.Unlock()
	if version < len(v.acked) { // a later version was acknowledged
		if late := requested.Sub(v.acked[version]); late > 0 {
			v.late = append(v.late, late)
		}
	}
}

var versionInTitle = regexp.MustCompile(`Version (\d+)`)

// read reads the title through the CDN once.
func (v *cdnVersions) read(ctx context.Context, client *http.Client, address string) error {
	requested := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	found := versionInTitle.FindSubmatch(body)
	if err != nil || found == nil {
		return fmt.Errorf("%d %s %w", resp.StatusCode, body, err)
	}
	if strings.Contains(resp.Header.Get("X-Varnish"), " ") { // the id of the request that stored it
		v.hits.Add(1)
	}
	version, err := strconv.Atoi(string(found[1]))
	v.record(version, requested)
	return err
}

// percentile returns a percentile of the delays of outdated responses.
func (v *cdnVersions) percentile(share float64) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.late) == 0 {
		return 0
	}
	slices.Sort(v.late)
	return v.late[int(share*float64(len(v.late)-1))]
}

// watchCDN writes versions of a title for a time while 1,000 readers read it through the CDN, each once a second.
func watchCDN(t *testing.T, v *cdnVersions, write func(version int), address string, duration time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	var readers sync.WaitGroup
	var failures atomic.Int64
	for i := range 1000 {
		readers.Go(func() {
			ticker := time.NewTicker(time.Second)
			defer ticker.Stop()
			select {
			case <-time.After(time.Duration(i) * time.Millisecond):
			case <-ctx.Done():
			}
			for ctx.Err() == nil {
				if err := v.read(ctx, client, address); err != nil && ctx.Err() == nil && failures.Add(1) == 1 {
					t.Errorf("read: %v", err)
				}
				select {
				case <-ticker.C:
				case <-ctx.Done():
				}
			}
		})
	}
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		v.mu.Lock()
		version := len(v.acked) + 1
		v.mu.Unlock()
		write(version)
		v.mu.Lock()
		v.acked = append(v.acked, time.Now())
		v.mu.Unlock()
	}
	stop()
	readers.Wait()
	if n := failures.Load(); n > 0 {
		t.Errorf("%d reads failed", n)
	}
}

// TestChaosCDN writes while 1,000 readers read through Varnish. No response is older than the stated bound: the time
// after which a key is purged again, and CDN_MAX_AGE while no server purges.
func TestChaosCDN(t *testing.T) {
	chaosTest(t)
	dsn := testdb.NewWithDemo(t)
	address := freeAddress(t)
	env := []string{
		"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redistest.StartServer(t).URL(), "OPERATION_TIMEOUT=2s",
		"CDN=varnish", "CDN_URL=http://" + address, "MAX_CONNECTIONS_PER_ADDRESS=5000",
	}
	const bound = 2*time.Second + 5*time.Second // OPERATION_TIMEOUT and the time of the transfer
	servers := []*program{serve7p(t, append(env, "CDN_MAX_AGE=60s")...), serve7p(t, append(env, "CDN_MAX_AGE=60s")...)}
	for _, p := range servers {
		p.awaitLease(t)
	}
	purging := func(p *program) bool { return p.metrics(t)["sevenp_cdn_purging"] == 1 }
	servers[0].poll(t, "one server purges", func() bool { return purging(servers[0]) || purging(servers[1]) })
	cdn := startVarnish(t, address, servers[1].base)
	token := strings.TrimSpace(mustRun7p(t, env[:2], "token", "--email", "admin@7p.example"))
	course := servers[0].query(t, "{ courses(first: 1) { nodes { id } } }", nil).At("courses", "nodes", 0, "id").(string)
	write := func(version int) {
		in := map[string]any{"in": map[string]any{"id": course, "title": "Version " + strconv.Itoa(version)}}
		a := servers[version%len(servers)].query(t, "mutation($in: UpdateCourseInput!) { updateCourse(input: $in) { course { title } userErrors { message } } }", in, "Authorization: Bearer "+token)
		if a.At("updateCourse", "course") == nil {
			t.Fatalf("updateCourse: %+v", a)
		}
	}
	query := cdn + "/graphql?query=" + url.QueryEscape(`{ course(id: "`+course+`") { title } }`)
	v := &cdnVersions{}
	write(1)
	v.acked = append(v.acked, time.Now())
	watchCDN(t, v, write, query, 30*time.Second)
	t.Logf("%d writes, %d reads, %.1f %% of them hits of the CDN, %d outdated: p50 %v, p99 %v, longest %v", len(v.acked), v.reads.Load(),
		100*float64(v.hits.Load())/float64(v.reads.Load()), len(v.late), v.percentile(0.5), v.percentile(0.99), v.percentile(1))
	if v.hits.Load() < v.reads.Load()/2 {
		t.Errorf("%d of %d reads are hits", v.hits.Load(), v.reads.Load())
	}
	if late := v.percentile(1); late > bound {
		t.Errorf("a response was outdated for %v, more than %v", late, bound)
	}
}

// TestChaosCDNWithoutPurges kills the server that purges. Until another one purges, no response is older than
// CDN_MAX_AGE.
func TestChaosCDNWithoutPurges(t *testing.T) {
	chaosTest(t)
	dsn := testdb.NewWithDemo(t)
	address := freeAddress(t)
	env := []string{
		"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redistest.StartServer(t).URL(),
		"CDN=varnish", "CDN_URL=http://" + address, "CDN_MAX_AGE=3s", "MAX_CONNECTIONS_PER_ADDRESS=5000",
	}
	first := serve7p(t, env...)
	first.poll(t, "the first server purges", func() bool { return first.metrics(t)["sevenp_cdn_purging"] == 1 })
	second := serve7p(t, env...)
	second.awaitLease(t)
	cdn := startVarnish(t, address, second.base)
	token := strings.TrimSpace(mustRun7p(t, env[:2], "token", "--email", "admin@7p.example"))
	course := second.query(t, "{ courses(first: 1) { nodes { id } } }", nil).At("courses", "nodes", 0, "id").(string)
	write := func(version int) {
		if version == 20 {
			_ = first.cmd.Process.Kill()
		}
		in := map[string]any{"in": map[string]any{"id": course, "title": "Version " + strconv.Itoa(version)}}
		a := second.query(t, "mutation($in: UpdateCourseInput!) { updateCourse(input: $in) { course { title } } }", in, "Authorization: Bearer "+token)
		if a.At("updateCourse", "course") == nil {
			t.Fatalf("updateCourse: %+v", a)
		}
	}
	v := &cdnVersions{}
	write(1)
	v.acked = append(v.acked, time.Now())
	watchCDN(t, v, write, cdn+"/graphql?query="+url.QueryEscape(`{ course(id: "`+course+`") { title } }`), 15*time.Second)
	t.Logf("%d writes, %d reads, %d outdated: p50 %v, longest %v", len(v.acked), v.reads.Load(), len(v.late), v.percentile(0.5), v.percentile(1))
	if late := v.percentile(1); late > 3*time.Second || late < time.Second {
		t.Errorf("a response was outdated for %v, want 1 to 3 s", late)
	}
	second.poll(t, "the second server purges", func() bool { return second.metrics(t)["sevenp_cdn_purging"] == 1 })
}
