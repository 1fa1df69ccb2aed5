package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// piece is a line of prose.
type piece struct {
	line  int
	text  string
	start bool // it begins a paragraph, comment or message
}

// readProse returns the prose of a file, nothing for files that have none.
func readProse(file string) ([]piece, error) {
	read, ok := map[string]func(string, string) ([]piece, error){
		".go": readGo, ".md": readMarkdown, ".graphqls": readSchema, ".sql": readLineComments("--"),
		".mjs": readLineComments("//"), ".js": readLineComments("//"), ".sh": readLineComments("#"), ".yml": readLineComments("#"),
	}[filepath.Ext(file)]
	switch filepath.Base(file) {
	case "Makefile", "test", "run":
		read, ok = readLineComments("#"), true
	}
	if !ok {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return read(file, string(text))
}

var (
	directive = regexp.MustCompile(`^//(go:.*|nolint:\S+)`)
	inline    = regexp.MustCompile("`[^`]*`")
	// notProse are strings of other languages: SQL, GraphQL, JSON, HTML.
	notProse = regexp.MustCompile(`(?s)^\s*[{\[<]|\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE)\b|^\s*(query|mutation|subscription|fragment|type|enum|input|extend|directive)\b.*[{(]`)
)

// readGo returns the comments of a Go file, and its strings that have a blank in them. It leaves out the strings of
// tests, most of which are data.
func readGo(file, text string) ([]piece, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(parsed) {
		return nil, nil
	}
	var pieces []piece
	for _, group := range parsed.Comments {
		start := true
		for _, c := range group.List {
			line := directive.ReplaceAllString(c.Text, "")
			for i, l := range strings.Split(line, "\n") {
				l = strings.Trim(l, "/* \t")
				pieces = append(pieces, piece{set.Position(c.Pos()).Line + i, inline.ReplaceAllString(l, "…"), start && l != ""})
				start = l == ""
			}
		}
	}
	if strings.HasSuffix(file, "_test.go") {
		return pieces, nil
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(value, " ") && !notProse.MatchString(value) {
				pieces = append(pieces, piece{set.Position(literal.Pos()).Line, value, true})
			}
		}
		return true
	})
	return pieces, nil
}

// readMarkdown returns the lines of a document without its code.
func readMarkdown(_, text string) ([]piece, error) {
	var pieces []piece
	fenced, blank := false, true
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if fenced {
			continue
		}
		line = inline.ReplaceAllString(line, "…")
		item := strings.TrimLeft(line, " ")
		isStart := blank || strings.HasPrefix(item, "- ") || strings.HasPrefix(item, "#") || strings.HasPrefix(item, "|")
		pieces = append(pieces, piece{i + 1, strings.TrimLeft(item, "-#|>* "), isStart && item != ""})
		blank = item == ""
	}
	return pieces, nil
}

// readSchema returns the descriptions and comments of a schema.
func readSchema(_, text string) ([]piece, error) {
	var pieces []piece
	within := false
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch quotes := strings.Count(trimmed, `"""`); {
		case quotes == 1:
			within = !within
			pieces = append(pieces, piece{i + 1, strings.Trim(trimmed, `" `), within})
		case quotes == 2, within, strings.HasPrefix(trimmed, "#"):
			pieces = append(pieces, piece{i + 1, strings.Trim(trimmed, `"# `), quotes == 2 || !within})
		case strings.HasPrefix(trimmed, `"`), strings.Contains(trimmed, `reason: "`):
			pieces = append(pieces, piece{i + 1, trimmed, true})
		}
	}
	return pieces, nil
}

// readLineComments returns a reader of the comments that begin with a mark, alone on a line or behind code.
func readLineComments(mark string) func(string, string) ([]piece, error) {
	comment := regexp.MustCompile(`(?:^|\s)` + mark + `+ (.*)`)
	return func(_, text string) ([]piece, error) {
		var pieces []piece
		start := true
		for i, line := range strings.Split(text, "\n") {
			found := comment.FindStringSubmatch(line)
			if found == nil {
				start = true
				continue
			}
			pieces = append(pieces, piece{i + 1, inline.ReplaceAllString(found[1], "…"), start})
			start = false
		}
		return pieces, nil
	}
}
