package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/gqltest"
)

const unavailable = "SERVICE_UNAVAILABLE"

var (
	chaosName     = regexp.MustCompile(`\bTestChaos\w+`)
	chaosFunction = regexp.MustCompile(`(?m)^func (TestChaos\w+)\(`)
)

// TestDegradationTable checks that each row of docs/degradation.md names an existing test, and that each test of
// `make chaos` is in a row.
func TestDegradationTable(t *testing.T) {
	t.Parallel()
	existing := map[string]bool{}
	for _, dir := range []string{"../../internal", "../../store"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, "_test.go") {
				for _, m := range chaosFunction.FindAllStringSubmatch(readFile(t, path), -1) {
					existing[m[1]] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	listed, rows := map[string]bool{}, 0
	text, _, _ := strings.Cut(readFile(t, "../../docs/degradation.md"), "\n## Measured")
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| what fails") {
			continue
		}
		rows++
		names := chaosName.FindAllString(line, -1)
		if len(names) == 0 {
			t.Errorf("a row names no test: %s", line)
		}
		for _, name := range names {
			if listed[name] = true; !existing[name] {
				t.Errorf("no test %s, which a row names: %s", name, line)
			}
		}
	}
	for name := range existing {
		if !listed[name] {
			t.Errorf("no row names %s", name)
		}
	}
	if rows < 15 {
		t.Errorf("%d rows", rows)
	}
}

// chaosServer is a server whose surroundings a test breaks, with requests of all kinds.
type chaosServer struct {
	*program
	bearer string // of an administrator
	course string // that is written
	sent   int    // requests with a number of their own
}

// serveChaos starts a server with the demo data and waits until it uses its response cache.
func serveChaos(t *testing.T, dsn string, env ...string) *chaosServer {
	t.Helper()
	env = append([]string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret}, env...)
	s := &chaosServer{program: serve7p(t, env...)}
	s.bearer = "Authorization: Bearer " + strings.TrimSpace(mustRun7p(t, env[:2], "token", "--email", "admin@7p.example"))
	s.awaitReady(t)
	s.awaitLease(t)
	s.course = s.query(t, "{ courses(first: 1) { nodes { id } } }", nil).At("courses", "nodes", 0, "id").(string)
	s.write(t).expect(t, "a write before", expected{most: 2 * time.Second})
	s.poll(t, "a cached response", func() bool { return isHit(s.cacheStatus(t, titles, "null")) })
	return s
}

// outcome is a response, and the time that the request took.
type outcome struct {
	*gqltest.Response
	took time.Duration
}

func (s *chaosServer) measure(t *testing.T, query string, headers ...string) outcome {
	t.Helper()
	began := time.Now()
	resp := s.send(t, http.MethodPost, "/graphql", gqltest.QueryBody(query, nil), append(headers, isJSON)...)
	return outcome{resp, time.Since(began)}
}

// read sends a query whose response is not cached.
func (s *chaosServer) read(t *testing.T) outcome {
	t.Helper()
	s.sent++
	return s.measure(t, fmt.Sprintf("{ read%d: courses(first: 1) { nodes { title } } }", s.sent))
}

// readCached sends a query whose response is cached.
func (s *chaosServer) readCached(t *testing.T) outcome {
	t.Helper()
	return s.measure(t, titles)
}

// write changes a course as an administrator.
func (s *chaosServer) write(t *testing.T) outcome {
	t.Helper()
	s.sent++
	return s.measure(t, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, title: "Version %d"}) { course { title } userErrors { code } } }`, s.course, s.sent), s.bearer)
}

// expected describes a response: 200 without errors, unless it says otherwise.
type expected struct {
	status      int
	codes       string // of the errors
	least, most time.Duration
}

// expect checks a response and logs it.
func (o outcome) expect(t *testing.T, description string, w expected) {
	t.Helper()
	if w.status == 0 {
		w.status = http.StatusOK
	}
	codes := o.Result(t).Codes()
	t.Logf("%s: %d %s after %v", description, o.Status, codes, o.took.Round(time.Millisecond))
	if o.Status != w.status || codes != w.codes || o.took < w.least || o.took > w.most {
		t.Errorf("%s: %.500s after %v, want %d %s after %v to %v", description, o, o.took, w.status, w.codes, w.least, w.most)
	}
}

// isData reports whether a response has data and no errors.
func (o outcome) isData() bool {
	return o.Status == http.StatusOK && strings.HasPrefix(o.Text(), `{"data":{`)
}

// awaitWithin waits until a condition holds, and fails the test if that takes longer than a limit.
func (s *chaosServer) awaitWithin(t *testing.T, limit time.Duration, description string, condition func() bool) {
	t.Helper()
	began := time.Now()
	s.poll(t, description, condition)
	took := time.Since(began)
	t.Logf("%s: after %v", description, took.Round(time.Millisecond))
	if took > limit {
		t.Errorf("%s: after %v, want at most %v", description, took, limit)
	}
}

// awaitReadiness waits until /readyz has a status and a text.
func (s *chaosServer) awaitReadiness(t *testing.T, limit time.Duration, status int, text string) {
	t.Helper()
	s.awaitWithin(t, limit, fmt.Sprintf("/readyz is %d %s", status, text), func() bool {
		resp := s.send(t, http.MethodGet, "/readyz", "")
		return resp.Status == status && strings.Contains(resp.Text(), text)
	})
}

// awaitMetric waits until a metric has a value.
func (s *chaosServer) awaitMetric(t *testing.T, limit time.Duration, name string, value float64) {
	t.Helper()
	s.awaitWithin(t, limit, fmt.Sprintf("%s is %v", name, value), func() bool { return s.metrics(t)[name] == value })
}

// awaitUse waits until reads and writes succeed, and then responses are cached and nothing is degraded.
func (s *chaosServer) awaitUse(t *testing.T, limit time.Duration) {
	t.Helper()
	began := time.Now()
	s.awaitWithin(t, limit, "reads succeed", func() bool { return s.read(t).isData() })
	s.awaitWithin(t, limit, "writes succeed", func() bool { return s.write(t).isData() })
	s.awaitWithin(t, limit, "responses are cached", func() bool {
		o := s.readCached(t)
		return o.isData() && isHit(o.Header.Get("Cache-Status"))
	})
	s.awaitReadiness(t, limit, http.StatusOK, `"status":"ok"`)
	if took := time.Since(began); took > limit+time.Second { // the check itself writes, which may take a second longer
		t.Errorf("all works again after %v, want at most %v", took, limit)
	}
	s.write(t).expect(t, "a write afterwards", expected{most: time.Second})
}

// expect ends a load and checks that each failure has a code, none without one, and that no request took longer than
// a limit.
func (l *requestLoad) expect(t *testing.T, code string, most time.Duration) {
	t.Helper()
	took, failed := l.stop()
	t.Logf("load: %d requests, %d failed, p50 %v, longest %v", len(took), len(failed), took[len(took)/2].Round(time.Microsecond), took[len(took)-1].Round(time.Millisecond))
	bad := slices.DeleteFunc(failed, func(text string) bool { return code != "" && strings.Contains(text, `"code":"`+code+`"`) })
	if len(bad) > 0 {
		t.Errorf("%d requests failed otherwise, such as: %.500s", len(bad), bad[0])
	}
	if longest := took[len(took)-1]; longest > most {
		t.Errorf("a request took %v, want at most %v", longest, most)
	}
}
