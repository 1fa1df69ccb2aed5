package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mutant is a small change of the code, which the tests should notice.
type mutant struct {
	name              string // FILE:FUNCTION:KIND:TEXT, or FILE:STATEMENT:KIND:TEXT for SQL
	key               string // the name in the test program
	file              string
	line              int
	original, mutated string
	sql, mutatedSQL   string // whole statements; "" for mutants of Go
}

// rewriter inserts the switches of the mutants into a Go file.
type rewriter struct {
	file     string
	source   []byte
	fset     *token.FileSet
	function string
	keys     map[string]int
	edits    []edit
	mutants  []mutant
}

// edit replaces source[at:end]. Edits at the same place are in their order.
type edit struct {
	at, end int
	text    string
}

// rewriteFile returns a Go file with switches. All conditions get mutants if branches is set; otherwise the
// statements of SQL that the file sends pass mutation.SQL, and their parts mutation.Text. lines are the places of
// the statements by their name.
func rewriteFile(file string, source []byte, branches bool) (rewritten []byte, mutants []mutant, lines map[string]int, err error) {
	r := &rewriter{file: file, source: source, fset: token.NewFileSet(), keys: map[string]int{}}
	parsed, err := parser.ParseFile(r.fset, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, nil, err
	}
	lines = map[string]int{}
	for _, d := range parsed.Decls {
		r.function = "init"
		if f, ok := d.(*ast.FuncDecl); ok {
			r.function = f.Name.Name
		} else if g, ok := d.(*ast.GenDecl); ok && g.Tok != token.VAR {
			continue
		}
		if branches {
			r.rewriteBranches(d)
		} else {
			r.rewriteSQL(d, lines)
		}
	}
	if len(r.edits) == 0 {
		return nil, nil, lines, nil
	}
	r.insert(r.offset(parsed.Name.End()), `; import "github.com/7p-education/api/scripts/mutants/mutation"`)
	return r.applyEdits(), r.mutants, lines, nil
}

func (r *rewriter) offset(p token.Pos) int { return r.fset.Position(p).Offset }

func (r *rewriter) text(n ast.Node) string {
	return string(r.source[r.offset(n.Pos()):r.offset(n.End())])
}

func (r *rewriter) insert(at int, text string) { r.edits = append(r.edits, edit{at, at, text}) }

func (r *rewriter) applyEdits() []byte {
	slices.SortStableFunc(r.edits, func(a, b edit) int { return a.at - b.at })
	var out []byte
	at := 0
	for _, e := range r.edits {
		out = append(append(out, r.source[at:e.at]...), e.text...)
		at = e.end
	}
	return append(out, r.source[at:]...)
}

var whiteSpace = regexp.MustCompile(`\s+`)

// addMutant adds a mutant of an expression and returns its key as a Go literal.
func (r *rewriter) addMutant(kind string, n ast.Node, mutated string) string {
	original := whiteSpace.ReplaceAllString(r.text(n), " ")
	name := r.file + ":" + r.function + ":" + kind + ":" + original
	if r.keys[name]++; r.keys[name] > 1 {
		name = fmt.Sprintf("%s#%d", name, r.keys[name])
	}
	r.mutants = append(r.mutants, mutant{
		name: name, key: name, file: r.file, line: r.fset.Position(n.Pos()).Line, original: original,
		mutated: strings.ReplaceAll(mutated, "X", original),
	})
	return strconv.Quote(name)
}

// wrap inserts a call around an expression. rewrite adds the edits within it.
func (r *rewriter) wrap(e ast.Expr, before, after string, rewrite func()) {
	r.insert(r.offset(e.Pos()), before)
	rewrite()
	r.insert(r.offset(e.End()), after)
}

// rewriteBranches adds the mutants of all conditions of a node: negated, without an operand, with another
// boundary, and without a case.
func (r *rewriter) rewriteBranches(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			r.rewriteStatement(n.Init)
			r.rewriteCondition(n.Cond)
			r.rewriteBranches(n.Body)
			if n.Else != nil {
				r.rewriteBranches(n.Else)
			}
			return false
		case *ast.ForStmt:
			r.rewriteStatement(n.Init)
			if n.Cond != nil {
				r.rewriteCondition(n.Cond)
			}
			r.rewriteStatement(n.Post)
			r.rewriteBranches(n.Body)
			return false
		case *ast.SwitchStmt:
			r.rewriteSwitch(n)
			return false
		case *ast.GenDecl:
			return n.Tok == token.VAR
		case ast.Expr:
			if isCondition(n) {
				r.rewriteCondition(n)
				return false
			}
		}
		return true
	})
}

func (r *rewriter) rewriteStatement(s ast.Stmt) {
	if s != nil {
		r.rewriteBranches(s)
	}
}

// isCondition reports whether the operator of an expression returns a bool.
func isCondition(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isCondition(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.BinaryExpr:
		return slices.Contains([]token.Token{token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}, e.Op)
	}
	return false
}

func (r *rewriter) rewriteCondition(e ast.Expr) {
	r.wrap(e, "mutation.Negate("+r.addMutant("negate", e, "!(X)")+", ", ")", func() { r.rewriteOperands(e) })
}

// rewriteOperands adds the mutants within a condition.
func (r *rewriter) rewriteOperands(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		r.rewriteOperands(e.X)
		return
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			r.rewriteOperands(e.X)
			return
		}
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND, token.LOR:
			r.rewriteLogical(e)
			return
		case token.LSS, token.LEQ, token.GTR, token.GEQ:
			r.rewriteBoundary(e)
			return
		}
	}
	for _, child := range children(e) {
		r.rewriteBranches(child)
	}
}

func (r *rewriter) rewriteLogical(e *ast.BinaryExpr) {
	before, neutral := "(mutation.IsActive(%s) || (", "true"
	if e.Op == token.LOR {
		before, neutral = "(!mutation.IsActive(%s) && (", "false"
	}
	for _, operand := range []ast.Expr{e.X, e.Y} {
		key := r.addMutant("drop", operand, neutral)
		r.wrap(operand, fmt.Sprintf(before, key), "))", func() { r.rewriteOperands(operand) })
	}
}

func (r *rewriter) rewriteBoundary(e *ast.BinaryExpr) {
	function := map[token.Token]string{token.LSS: "Less", token.LEQ: "LessOrEqual", token.GTR: "Greater", token.GEQ: "GreaterOrEqual"}[e.Op]
	other := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[e.Op]
	key := r.addMutant("boundary", e, r.text(e.X)+" "+other+" "+r.text(e.Y))
	r.insert(r.offset(e.Pos()), "mutation."+function+"("+key+", ")
	r.rewriteBranches(e.X)
	r.edits = append(r.edits, edit{r.offset(e.OpPos), r.offset(e.OpPos) + len(e.Op.String()), ","})
	r.rewriteBranches(e.Y)
	r.insert(r.offset(e.End()), ")")
}

// children returns the nodes directly below a node.
func children(n ast.Node) (list []ast.Node) {
	ast.Inspect(n, func(child ast.Node) bool {
		if child == nil || child == n {
			return child == n
		}
		list = append(list, child)
		return false
	})
	return list
}

// rewriteSwitch turns the cases of a switch into conditions: "switch init; tag {" becomes
// "{ init; mutantTag := tag; switch {".
func (r *rewriter) rewriteSwitch(s *ast.SwitchStmt) {
	if s.Tag != nil {
		r.edits = append(r.edits, edit{r.offset(s.Switch), r.offset(s.Switch) + len("switch"), "{"})
	}
	r.rewriteStatement(s.Init)
	if s.Tag != nil {
		r.wrap(s.Tag, "mutantTag := ", "; switch ", func() { r.rewriteBranches(s.Tag) })
	}
	for _, c := range s.Body.List {
		clause := c.(*ast.CaseClause)
		for _, e := range clause.List {
			if s.Tag == nil {
				r.rewriteCondition(e)
				continue
			}
			key := r.addMutant("case", e, "no case X")
			r.wrap(e, "mutation.Drop("+key+", mutantTag == (", "))", func() { r.rewriteBranches(e) })
		}
		for _, statement := range clause.Body {
			r.rewriteBranches(statement)
		}
	}
	if s.Tag != nil {
		r.insert(r.offset(s.End()), "}")
	}
}

// sendArguments are the indexes of the SQL in the arguments of pgx's methods.
var sendArguments = map[string]int{"Query": 1, "QueryRow": 1, "Exec": 1, "Queue": 0}

var (
	namePattern      = regexp.MustCompile("^[\"`]-- name: ([A-Za-z]+)")
	statementPattern = regexp.MustCompile(`^"[A-Z][A-Za-z]+"$`)
)

// rewriteSQL passes SQL that is sent through mutation.SQL, and literal parts of statements through
// mutation.Text. It collects the lines of statements by name.
func (r *rewriter) rewriteSQL(n ast.Node, lines map[string]int) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if name := namePattern.FindStringSubmatch(n.Value); name != nil {
				lines[name[1]] = r.fset.Position(n.Pos()).Line
			}
		case *ast.CallExpr:
			r.rewriteCall(n, lines)
		}
		return true
	})
}

func (r *rewriter) rewriteCall(call *ast.CallExpr, lines map[string]int) {
	if _, ok := call.Fun.(*ast.Ident); ok && len(call.Args) > 0 {
		if literal, ok := call.Args[0].(*ast.BasicLit); ok && statementPattern.MatchString(literal.Value) {
			lines[strings.Trim(literal.Value, `"`)] = r.fset.Position(call.Pos()).Line
			r.rewriteTexts(call.Args[1:])
		}
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if f.Sel.Name == "addSQL" || f.Sel.Name == "addCondition" {
		r.rewriteTexts(call.Args)
	}
	if i, ok := sendArguments[f.Sel.Name]; ok && len(call.Args) > i {
		function := r.function
		if _, ok := call.Args[i].(*ast.SelectorExpr); ok {
			function = "" // it sends statements of others
		}
		lines[function] = r.fset.Position(call.Pos()).Line
		r.wrap(call.Args[i], "mutation.SQL("+strconv.Quote(function)+", ", ")", func() {})
	}
}

func (r *rewriter) rewriteTexts(args []ast.Expr) {
	for _, arg := range args {
		if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING && strings.ContainsAny(literal.Value, "abcdefghijklmnopqrstuvwxyz") {
			key := r.addMutant("text", literal, "(no test sends this text)")
			r.wrap(literal, "mutation.Text("+key+", ", ")", func() {})
		}
	}
}
