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

// script tells how the statements that the server sends for a write become one
// of pgbench's scripts.
type script struct {
	head       string              // draws the variables
	parameters map[string][]string // of each statement, by its name
	second     string              // the statement that the second round trip begins with
}

// pgbench knows no arrays: where the server sends one of one course, SQL makes it.
var enrollParameters = map[string][]string{
	"LockCourse":          {":course"},
	"EnrollmentsOfUserIn": {":user", "ARRAY[:course]::bigint[]"},
	"Enroll":              {":user", ":course"},
}

var (
	enrollSpread = script{
		head: fmt.Sprintf(`\set user 1 + (:i * :clients + :client_id) %% %d * :users / %d
\set course random_exponential(1, :courses, %d)
`, writers, writers, steepness),
		parameters: enrollParameters, second: "Enroll",
	}
	enrollHot = script{
		head: `\set user 1 + permute(:i * :clients + :client_id, :users)
\set course :hot
`,
		parameters: enrollParameters, second: "Enroll",
	}
	recordProgress = script{
		head: fmt.Sprintf(`\set n (:i * :clients + :client_id) %% %d
SELECT user_id AS user, videos, seconds, times, courses, last FROM bench_progress WHERE n = :n \gset
`, writers),
		parameters: map[string][]string{
			"LockVideos":      {":videos"},
			"CoursesOfVideos": {":videos"},
			"LockEnrollments": {":user", ":videos"},
			"InsertProgress":  {":user", ":videos", ":seconds", ":times"},
			"RaiseProgress":   {":user", ":courses", ":last"},
		},
		second: "InsertProgress",
	}
)

// writeScript asks a server one write, finds in PostgreSQL's log the transaction
// that it sent, and writes that down as a script: so pgbench sends the same
// statements, whatever they are by now.
func (b *bench) writeScript(ctx context.Context, p *pgbench, w write, r request) (file string, err error) {
	log, err := os.Open(p.database.LogFile())
	if err != nil {
		return "", err
	}
	defer log.Close()
	logging := slices.Concat(b.environment, []string{"DATABASE_URL=" + p.dsn + "&options=-c%20log_statement%3Dall"})
	server, err := launch(ctx, "server", b.binary("7p"), os.DevNull, logging)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if _, err := log.Seek(0, io.SeekEnd); err != nil {
		return "", err
	}
	if _, _, err := askOnce(server, r, b.tokens); err != nil {
		return "", err
	}
	text, err := io.ReadAll(log)
	if err != nil {
		return "", err
	}
	sent, err := w.script.of(transaction(string(text), w.script.second))
	if err != nil {
		return "", err
	}
	file = filepath.Join(b.dir, "script.sql")
	return file, os.WriteFile(file, []byte(sent), 0o644)
}

// statement is one in PostgreSQL's log, with the process that ran it. The lines
// of its text after the first begin with a tab there.
var statement = regexp.MustCompile(`\[(\d+)\] LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)`)

// name is what a statement of the store's begins with.
var name = regexp.MustCompile(`^-- name: (\w+)\n`)

func nameOf(sql string) string {
	if m := name.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return ""
}

// transaction returns the statements of the transaction in a log that has one of
// that name, from BEGIN to COMMIT; nil if there is none.
func transaction(log, name string) []string {
	open := map[string][]string{} // by process
	for _, m := range statement.FindAllStringSubmatch(log, -1) {
		process, sql := m[1], strings.ReplaceAll(m[2], "\n\t", "\n")
		switch open[process] = append(open[process], sql); sql {
		case "BEGIN":
			open[process] = []string{sql}
		case "COMMIT":
			if slices.ContainsFunc(open[process], func(s string) bool { return nameOf(s) == name }) {
				return open[process]
			}
		}
	}
	return nil
}

var parameter = regexp.MustCompile(`\$\d+`)

// of makes the script of a transaction.
func (s script) of(sent []string) (string, error) {
	if sent == nil {
		return "", fmt.Errorf("PostgreSQL's log has no transaction with %s", s.second)
	}
	var out strings.Builder
	out.WriteString("\\set i :i + 1\n" + s.head + "\\startpipeline\n")
	for _, sql := range sent {
		name := nameOf(sql)
		parameters, known := s.parameters[name]
		if !known && name != "" {
			return "", fmt.Errorf("the server sends %s, which the script has no parameters for", name)
		}
		if name == s.second {
			out.WriteString("\\endpipeline\n\\startpipeline\n")
		}
		var err error
		out.WriteString(parameter.ReplaceAllStringFunc(sql, func(place string) string {
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
