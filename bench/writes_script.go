package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pgbenchScript tells how the statements that the server sends for a write become one
// of pgbench's scripts.
type pgbenchScript struct {
	prologue        string              // draws the variables
	parameters      map[string][]string // of each statement, by its name
	secondTripStart string              // the statement that the second round trip begins with
}

// pgbench knows no arrays: where the server sends one of one course, SQL makes it.
var enrollParameters = map[string][]string{
	"LockCourse":           {":course"},
	"EnrollmentsInCourses": {":user", "ARRAY[:course]::bigint[]"},
	"Enroll":               {":user", ":course"},
}

var (
	spreadEnrollScript = pgbenchScript{
		prologue: fmt.Sprintf(`\set user 1 + (:i * :clients + :client_id) %% %d * :users / %d
\set course random_exponential(1, :courses, %d)
`, writerCount, writerCount, popularityExponent),
		parameters: enrollParameters, secondTripStart: "Enroll",
	}
	hotEnrollScript = pgbenchScript{
		prologue: `\set user 1 + permute(:i * :clients + :client_id, :users)
\set course :hot
`,
		parameters: enrollParameters, secondTripStart: "Enroll",
	}
	progressScript = pgbenchScript{
		prologue: fmt.Sprintf(`\set n (:i * :clients + :client_id) %% %d
SELECT user_id AS user, videos, seconds, times, courses, last FROM bench_progress WHERE n = :n \gset
`, writerCount),
		parameters: map[string][]string{
			"LockVideos":      {":videos"},
			"CoursesOfVideos": {":videos"},
			"LockEnrollments": {":user", ":videos"},
			"InsertProgress":  {":user", ":videos", ":seconds", ":times"},
			"RaiseProgress":   {":user", ":courses", ":last"},
		},
		secondTripStart: "InsertProgress",
	}
)

// writeScript asks a server one write, finds in PostgreSQL's log the transaction
// that it sent, and writes that down as a script: so pgbench sends the same
// statements, whatever they are by now.
func (b *benchmark) writeScript(ctx context.Context, p *pgbench, w writeWorkload, r request) (file string, err error) {
	log, err := os.Open(p.database.LogFile())
	if err != nil {
		return "", err
	}
	defer log.Close()
	logging := slices.Concat(b.environment, []string{"DATABASE_URL=" + p.dsn + "&options=-c%20log_statement%3Dall"})
	server, err := launchContender(ctx, "server", b.binaryPath("7p"), os.DevNull, logging)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	if _, err := log.Seek(0, io.SeekEnd); err != nil {
		return "", err
	}
	if _, _, err := fetchOnce(server, r, b.tokens); err != nil {
		return "", err
	}
	text, err := io.ReadAll(log)
	if err != nil {
		return "", err
	}
	sent, err := w.script.renderScript(findTransaction(string(text), w.script.secondTripStart))
	if err != nil {
		return "", err
	}
	file = filepath.Join(b.dir, "script.sql")
	return file, os.WriteFile(file, []byte(sent), 0o644)
}

// loggedStatementPattern is one in PostgreSQL's log, with the process that ran it. The lines
// of its text after the first begin with a tab there.
var loggedStatementPattern = regexp.MustCompile(`\[(\d+)\] LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)`)

// statementNamePattern is what a statement of the store's begins with.
var statementNamePattern = regexp.MustCompile(`^-- name: (\w+)\n`)

func parseStatementName(sql string) string {
	if m := statementNamePattern.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return ""
}

// findTransaction returns the statements of the transaction in a log that has one of
// that name, from BEGIN to COMMIT; nil if there is none.
func findTransaction(log, name string) []string {
	open := map[string][]string{} // by process
	for _, m := range loggedStatementPattern.FindAllStringSubmatch(log, -1) {
		process, sql := m[1], strings.ReplaceAll(m[2], "\n\t", "\n")
		switch open[process] = append(open[process], sql); sql {
		case "BEGIN":
			open[process] = []string{sql}
		case "COMMIT":
			if slices.ContainsFunc(open[process], func(s string) bool { return parseStatementName(s) == name }) {
				return open[process]
			}
		}
	}
	return nil
}

var parameterPattern = regexp.MustCompile(`\$\d+`)

// renderScript makes the script of a transaction.
func (s pgbenchScript) renderScript(sent []string) (string, error) {
	if sent == nil {
		return "", fmt.Errorf("PostgreSQL's log has no transaction with %s", s.secondTripStart)
	}
	var out strings.Builder
	out.WriteString("\\set i :i + 1\n" + s.prologue + "\\startpipeline\n")
	for _, sql := range sent {
		name := parseStatementName(sql)
		parameters, known := s.parameters[name]
		if !known && name != "" {
			return "", fmt.Errorf("the server sends %s, which the script has no parameters for", name)
		}
		if name == s.secondTripStart {
			out.WriteString("\\endpipeline\n\\startpipeline\n")
		}
		var err error
		out.WriteString(parameterPattern.ReplaceAllStringFunc(sql, func(place string) string {
			n, _ := strconv.Atoi(place[1:])
			if n > len(parameters) {
				err = fmt.Errorf("%s has a parameter %s, which the script does not have", name, place)
				return place
			}
			return parameters[n-1]
		}) + ";\n")
		if err != nil {
			return "", err
		}
	}
	return out.String() + "\\endpipeline\n", nil
}
