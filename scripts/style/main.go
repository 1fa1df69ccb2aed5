// Command style holds the project's prose and functions against docs/style.md.
//
//	go run ./scripts/style words     list the words of words.txt in prose
//	go run ./scripts/style figures   count how sentences begin, how long functions and their names are
//
// Both exit with status 1 if something does not hold.
//
// Prose is the comments of all code, the messages in Go code, the schema's descriptions and the documents.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

func main() {
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	if err := run(os.Stdout, command); err != nil {
		fmt.Fprintln(os.Stderr, "style:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, command string) error {
	files, err := listFiles()
	if err != nil {
		return err
	}
	switch command {
	case "words":
		return checkWords(w, files)
	case "figures":
		return checkFigures(w, files)
	default:
		return fmt.Errorf("unknown command %q: use words or figures", command)
	}
}

// listFiles returns the files that git tracks, and the new ones that it does not ignore.
func listFiles() ([]string, error) {
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []string
	for file := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		if _, err := os.Stat(file); err == nil && !strings.Contains(file, "third_party/") {
			files = append(files, file)
		}
	}
	return files, nil
}

// word is one entry of words.txt.
type word struct {
	pattern *regexp.Regexp
	instead string
}

// exception is one entry of exceptions.txt.
type exception struct{ path, text string }

func checkWords(w io.Writer, files []string) error {
	words, err := readWords()
	if err != nil {
		return err
	}
	exceptions, err := readExceptions()
	if err != nil {
		return err
	}
	used := map[exception]bool{}
	hits := 0
	for _, file := range files {
		pieces, err := readProse(file)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			for _, word := range words {
				found := word.pattern.FindString(p.text)
				if found == "" || isExcepted(exceptions, used, file, p.text) {
					continue
				}
				hits++
				fmt.Fprintf(w, "%s:%d: %q: write %s\n\t%.200s\n", file, p.line, found, word.instead, strings.TrimSpace(p.text))
			}
		}
	}
	for _, e := range exceptions {
		if !used[e] {
			hits++
			fmt.Fprintf(w, "scripts/style/exceptions.txt: nothing in %s needs the exception %q any more\n", e.path, e.text)
		}
	}
	if hits > 0 {
		return fmt.Errorf("%d hits: see docs/style.md", hits)
	}
	return nil
}

func isExcepted(exceptions []exception, used map[exception]bool, file, text string) bool {
	for _, e := range exceptions {
		if e.path == file && (e.text == "*" || strings.Contains(text, e.text)) {
			used[e] = true
			return true
		}
	}
	return false
}

func readWords() ([]word, error) {
	rows, err := readRows("scripts/style/words.txt", 2)
	if err != nil {
		return nil, err
	}
	words := make([]word, len(rows))
	for i, row := range rows {
		if words[i].pattern, err = regexp.Compile(`(?i)\b(` + row[0] + `)\b`); err != nil {
			return nil, err
		}
		words[i].instead = row[1]
	}
	return words, nil
}

func readExceptions() ([]exception, error) {
	rows, err := readRows("scripts/style/exceptions.txt", 3)
	if err != nil {
		return nil, err
	}
	exceptions := make([]exception, len(rows))
	for i, row := range rows {
		exceptions[i] = exception{path: row[0], text: row[1]}
	}
	return exceptions, nil
}

// readRows returns the rows of a file of n fields with tabs between them; lines that begin with # are comments.
func readRows(file string, n int) ([][]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows [][]string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if text := lines.Text(); text != "" && !strings.HasPrefix(text, "#") {
			row := strings.Split(text, "\t")
			if len(row) != n {
				return nil, fmt.Errorf("%s: %q has %d fields, not %d", file, text, len(row), n)
			}
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}
