package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// function is one function or method declared in Go code that is neither generated nor a test.
type function struct {
	name  string // with its receiver's type, as Type.Method
	short string // without the receiver
	lines int    // from the line of func to that of the closing brace
	at    token.Position
}

// readFunctions returns the functions of the given Go files.
func readFunctions(files []string) ([]function, error) {
	var all []function
	for _, file := range files {
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if ast.IsGenerated(parsed) {
			continue
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			at, end := set.Position(f.Pos()), set.Position(f.End())
			all = append(all, function{name: receiverPrefix(f) + f.Name.Name, short: f.Name.Name, lines: end.Line - at.Line + 1, at: at})
		}
	}
	return all, nil
}

// receiverPrefix returns the name of a method's type and a dot, or nothing for a function.
func receiverPrefix(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch typed := t.(type) {
		case *ast.StarExpr:
			t = typed.X
		case *ast.IndexExpr:
			t = typed.X
		case *ast.IndexListExpr:
			t = typed.X
		case *ast.Ident:
			return typed.Name + "."
		default:
			return ""
		}
	}
}

// functionFigures summarizes the functions of the house.
type functionFigures struct {
	count, p50, p95 int // the latter two in lines
	longest         function
	letters         float64 // mean length of a name
	short           float64 // share of names of five letters or fewer
}

// measureFunctions returns the figures of functions: their lengths and those of their names.
func measureFunctions(functions []function) functionFigures {
	if len(functions) == 0 {
		return functionFigures{}
	}
	slices.SortFunc(functions, func(a, b function) int { return a.lines - b.lines })
	percentile := func(p int) int { return functions[(len(functions)-1)*p/100].lines }
	letters, short := 0, 0
	for _, f := range functions {
		letters += len(f.short)
		if len(f.short) <= 5 {
			short++
		}
	}
	n := float64(len(functions))
	return functionFigures{
		count: len(functions), p50: percentile(50), p95: percentile(95), longest: functions[len(functions)-1],
		letters: float64(letters) / n, short: float64(short) / n,
	}
}

// String returns the figures as two lines.
func (f functionFigures) String() string {
	return fmt.Sprintf("functions: %d, lines p50 %d, p95 %d, max %d (%s, %s)\nnames of functions: mean %.2f letters, %.1f %% of five or fewer",
		f.count, f.p50, f.p95, f.longest.lines, f.longest.name, f.longest.at, f.letters, 100*f.short)
}
