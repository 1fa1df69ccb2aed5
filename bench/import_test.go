package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// These benchmarks write the same rows with one mutation and with one statement per row, into an empty
// database. "MiB" is the growth of this process's peak resident memory, without the request itself; it
// requires Linux.

// BenchmarkImportCourses imports 10,000 courses of 100 words.
func BenchmarkImportCourses(b *testing.B) {
	const n = 10_000
	s := newImportServer(b)
	courses, random := make([]map[string]any, n), rand.New(rand.NewPCG(1, 1))
	for i := range courses {
		courses[i] = map[string]any{
			"title": fmt.Sprintf("%s number %d", randomWords(random, 4), i), "description": randomWords(random, 100), "tags": strings.Fields(randomWords(random, 5)),
			"difficulty": "INTERMEDIATE", "priceAmount": "49.90", "durationSeconds": 3600, "thumbnailUrl": "https://example.com/picture.png",
			"categoryId": edu.NewID(edu.KindCategory, s.category).String(),
		}
	}
	const mutation = "mutation($courses: [CourseInput!]!) { importCourses(input: {courses: $courses}) { n: importedCount userErrors { message field } } }"
	request := s.encodeRequest(mutation, map[string]any{"courses": courses})
	empty := func() { s.exec("TRUNCATE courses CASCADE") }
	b.Run("mutation", func(b *testing.B) {
		s.measure(b, n, empty, func() error { return s.sendRequest(request, fmt.Sprintf(`"n":%d,`, n)) })
	})
	b.Run("row by row", func(b *testing.B) {
		s.measure(b, n, empty, func() error {
			return pgx.BeginFunc(b.Context(), s.db, func(tx pgx.Tx) error {
				for i, c := range courses {
					_, err := tx.Exec(b.Context(), `INSERT INTO courses (slug, title, description, tags, difficulty, price, duration_seconds, thumbnail_url, instructor_id, category_id)
						VALUES ($1, $2, $3, $4, 'intermediate', 49.90, 3600, $5, $6, $7)`,
						"course-"+strconv.Itoa(i), c["title"], c["description"], c["tags"], c["thumbnailUrl"], s.teacher.ID, s.category)
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// BenchmarkBulkEnroll enrolls 50,000 accounts in a course.
func BenchmarkBulkEnroll(b *testing.B) {
	const n = 50_000
	s := newImportServer(b)
	s.exec("INSERT INTO users (name, email) SELECT 'Student ' || n, 'student-number-' || n || '@university.7p.example' FROM generate_series(1, " + strconv.Itoa(n) + ") n")
	s.exec("ANALYZE users")
	emails := make([]string, n)
	for i := range emails {
		emails[i] = fmt.Sprintf("Student-Number-%d@university.7p.example", i+1)
	}
	const mutation = "mutation($course: ID!, $emails: [String!]!) { bulkEnroll(input: {courseId: $course, emails: $emails}) { n: enrolledCount userErrors { message field } } }"
	request := s.encodeRequest(mutation, map[string]any{"course": edu.NewID(edu.KindCourse, s.course).String(), "emails": emails})
	empty := func() { s.exec("TRUNCATE enrollments") }
	b.Run("mutation", func(b *testing.B) {
		s.measure(b, n, empty, func() error { return s.sendRequest(request, fmt.Sprintf(`"n":%d,`, n)) })
	})
	// In one transaction, the dead versions of the course's row would accumulate.
	b.Run("row by row", func(b *testing.B) {
		s.measure(b, n, empty, func() error {
			for _, email := range emails {
				const enroll = "INSERT INTO enrollments (user_id, course_id) SELECT u.id, $1 FROM users u WHERE lower(u.email) = lower($2) AND u.active ON CONFLICT DO NOTHING"
				if _, err := s.db.Exec(b.Context(), enroll, s.course, email); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// importServer is a server whose database has an instructor, a category and a course.
type importServer struct {
	b                *testing.B
	handler          http.Handler
	db               *pgxpool.Pool
	teacher          edu.Viewer
	category, course int64
}

func newImportServer(b *testing.B) *importServer {
	b.Helper()
	dsn := testdb.New(b)
	db, err := store.Open(b.Context(), store.Config{URL: dsn, MaxConns: poolSize})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	s := &importServer{b: b, handler: gql.New(gql.Options{Store: db, Log: slog.New(slog.DiscardHandler)}), db: db.PrimaryPool()}
	s.teacher = edu.Viewer{ID: s.insertRow("INSERT INTO users (name, email, role) VALUES ('T', 't@7p.example', 'instructor') RETURNING id"), Role: edu.RoleInstructor}
	s.category = s.insertRow("INSERT INTO categories (name, slug) VALUES ('C', 'c') RETURNING id")
	s.course = s.insertRow(`INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT 'c', 'C', 'beginner', true, now(), u.id, k.id FROM users u, categories k RETURNING id`)
	return s
}

func (s *importServer) insertRow(sql string) (key int64) {
	s.b.Helper()
	if err := s.db.QueryRow(s.b.Context(), sql).Scan(&key); err != nil {
		s.b.Fatal(err)
	}
	return key
}

func (s *importServer) exec(sql string) {
	s.b.Helper()
	if _, err := s.db.Exec(s.b.Context(), sql); err != nil {
		s.b.Fatal(err)
	}
}

// randomWords returns n words of a vocabulary of 5,000.
func randomWords(random *rand.Rand, n int) string {
	const syllables = "bacadagahajakalamanaparasatavawa"
	list := make([]string, n)
	for i := range list {
		for k := random.IntN(5_000) + 16; k > 0; k /= 16 {
			list[i] += syllables[k%16*2 : k%16*2+2]
		}
	}
	return strings.Join(list, " ")
}

func (s *importServer) encodeRequest(query string, variables map[string]any) []byte {
	s.b.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		s.b.Fatal(err)
	}
	return body
}

// sendRequest sends a request, whose response must contain text.
func (s *importServer) sendRequest(body []byte, text string) error {
	ctx := edu.WithViewer(context.Background(), s.teacher)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), text) {
		return fmt.Errorf("status %d: %.300s", w.Code, w.Body)
	}
	return nil
}

// measure reports the rows per second and the peak growth of memory.
func (s *importServer) measure(b *testing.B, rows int, empty func(), write func() error) {
	var peak int64
	for b.Loop() {
		b.StopTimer()
		empty()
		debug.FreeOSMemory()
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // resets VmHWM: proc_pid_clear_refs(5)
			b.Fatal(err)
		}
		before, _ := memory(b)
		b.StartTimer()
		if err := write(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_, after := memory(b)
		peak = max(peak, after-before)
		b.StartTimer()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(mebibytes(peak), "MiB")
}

// memory returns the resident memory of this process in bytes, and its peak.
func memory(b *testing.B) (resident, peak int64) {
	b.Helper()
	p, err := procfs.Self()
	if err != nil {
		b.Fatal(err)
	}
	s, err := p.NewStatus()
	if err != nil {
		b.Fatal(err)
	}
	return int64(s.VmRSS), int64(s.VmHWM)
}
