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

// pgbenchScript translates the statements of the server's transaction into a script of pgbench.
type pgbenchScript struct {
	prologue        string              // draws the variables
	parameters      map[string][]string // by the name of the statement; nil for a statement without any
	secondTripStart string              // name of the first statement in the second round trip
}

// enrollParameters build the arrays of one course and one user in SQL, because pgbench has no arrays.
var enrollParameters = map[string][]string{
	"LockCourse":           {":course"},
	"EnrollmentsInCourses": {":user", "ARRAY[:course]::bigint[]"},
	"Enroll":               {"ARRAY[:user]::bigint[]", ":course"},
	"TransactionChanges":   nil,
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
SELECT user_id AS user, videos, since, watched, positions, seconds, events, courses, last FROM bench_progress WHERE n = :n \gset
`, writerCount),
		parameters: map[string][]string{
			"LockVideos":         {":videos"},
			"CoursesOfVideos":    {":videos"},
			"LockEnrollments":    {":user", ":videos"},
			"SelectSittings":     {":user", ":videos", ":since", "'30 minutes'"},
			"InsertSittings":     {":user", ":videos", ":videos", ":watched", ":watched", ":positions", ":seconds", ":events"},
			"RaiseProgress":      {":user", ":courses", ":last"},
			"TransactionChanges": nil,
		},
		secondTripStart: "InsertSittings",
	}
)

// writeScript sends one write to a server, finds the server's transaction in PostgreSQL's log, and
// writes a script of it. So pgbench always sends the current statements of the server.
func (b *benchmark) writeScript(ctx context.Context, p *pgbench, w writeWorkload, r request) (file string, err error) {
	log, err := os.Open(p.database.LogFile())
	if err != nil {
		return "", err
	}
	defer log.Close()
	server, err := b.launchServer(ctx, "DATABASE_URL="+p.dsn+"&options=-c%20log_statement%3Dall")
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

// loggedStatementPattern matches a statement in PostgreSQL's log, and its process. Lines of the
// statement after the first begin with a tab.
var loggedStatementPattern = regexp.MustCompile(`\[(\d+)\] LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)`)

// statementNamePattern matches the first line of a statement of the store.
var statementNamePattern = regexp.MustCompile(`^-- name: (\w+)\n`)

func parseStatementName(sql string) string {
	if m := statementNamePattern.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return ""
}

// findTransaction returns the statements of the transaction that contains a statement of a name, from
// BEGIN to COMMIT, or nil.
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

// renderScript returns the script for the statements of a transaction.
func (s pgbenchScript) renderScript(sent []string) (string, error) {
	if sent == nil {
		return "", fmt.Errorf("no transaction with %s in PostgreSQL's log", s.secondTripStart)
	}
	var out strings.Builder
	out.WriteString("\\set i :i + 1\n" + s.prologue + "\\startpipeline\n")
	for _, sql := range sent {
		name := parseStatementName(sql)
		parameters, ok := s.parameters[name]
		if !ok && name != "" {
			return "", fmt.Errorf("statement %s of the server has no parameters in the script", name)
		}
		if name == s.secondTripStart {
			out.WriteString("\\endpipeline\n\\startpipeline\n")
		}
		var err error
		out.WriteString(parameterPattern.ReplaceAllStringFunc(sql, func(place string) string {
			n, _ := strconv.Atoi(place[1:])
			if n > len(parameters) {
				err = fmt.Errorf("parameter %s of %s is missing in the script", place, name)
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
