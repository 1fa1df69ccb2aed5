package mutation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// FindMutants returns the mutants of a statement. Their keys are NAME:KIND:TEXT, where the name is that of the
// comment "-- name: X", or else the given one; without either, the statement is a test's. The kinds are
//
//   - predicate: an operand of AND, or a condition, is TRUE; an operand of OR is FALSE
//   - lock: a locking clause, one of its tables or an advisory lock is missing
//   - order: a term of ORDER BY is reversed
//   - distinct: DISTINCT is missing
//
// A condition stays in the text as an operand, because its parameters have their types from it.
func FindMutants(name, text string) []Reached {
	if rest, ok := strings.CutPrefix(text, "-- name: "); ok {
		name, _, _ = strings.Cut(rest, "\n")
	}
	if name == "" {
		return nil
	}
	f := finder{name: name, text: text, tokens: splitTokens(text), keys: map[string]int{}}
	f.searchRegion(0, len(f.tokens))
	return f.found
}

// token is a word, a string, a parameter or a character of a statement.
type token struct {
	start, end int
	word       string // in upper case
}

var tokenPattern = regexp.MustCompile(`--[^\n]*|'(?:[^']|'')*'|\$?[A-Za-z0-9_]+|\S`)

func splitTokens(text string) []token {
	var all []token
	for _, at := range tokenPattern.FindAllStringIndex(text, -1) {
		if word := text[at[0]:at[1]]; !strings.HasPrefix(word, "--") {
			all = append(all, token{at[0], at[1], strings.ToUpper(word)})
		}
	}
	return all
}

// finder collects the mutants of one statement.
type finder struct {
	name, text string
	tokens     []token
	keys       map[string]int
	found      []Reached
}

// item is a token, or all tokens of a pair of parentheses; its word is then "(".
type item struct {
	first, end int // indexes of tokens
	word       string
}

// searchRegion finds the mutants between two tokens, and in the parentheses between them.
func (f *finder) searchRegion(from, end int) {
	var items []item
	for i := from; i < end; i++ {
		it := item{i, i + 1, f.tokens[i].word}
		if it.word == "(" {
			it.end = f.closingParenthesis(i, end) + 1
			f.searchRegion(i+1, it.end-1)
			i = it.end - 1
		}
		items = append(items, it)
	}
	f.findPredicates(items)
	f.findLocks(items)
	f.findOrders(items)
	f.findDistincts(items)
}

func (f *finder) closingParenthesis(open, end int) int {
	depth := 0
	for i := open; i < end; i++ {
		switch f.tokens[i].word {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return end - 1
}

// wordsAt reports whether words stand at index i.
func wordsAt(items []item, i int, words ...string) bool {
	for j, word := range words {
		if i+j < 0 || i+j >= len(items) || items[i+j].word != word {
			return false
		}
	}
	return true
}

// conditionWords begin a condition. clauseWords end one, as these do.
var (
	conditionWords = []string{"WHERE", "ON", "HAVING", "WHEN"}
	clauseWords    = []string{"SELECT", "FROM", "GROUP", "ORDER", "LIMIT", "FOR", "RETURNING", "THEN", "ELSE", "END", "CASE", "UNION", "JOIN", "LEFT", "CROSS", "INNER", "SET", "AS", ",", ";"}
)

// findPredicates finds the conditions of the items, and the operands of AND and OR.
func (f *finder) findPredicates(items []item) {
	var operands [][]item
	var connectors []string
	opener, start := "", 0
	finish := func(i int) {
		operands = append(operands, items[start:i])
		if len(operands) > 1 || slices.Contains(conditionWords, opener) {
			f.addPredicates(operands, connectors)
		}
		operands, connectors = nil, nil
	}
	for i, it := range items {
		switch {
		case it.word == "AND" || it.word == "OR":
			operands, connectors, start = append(operands, items[start:i]), append(connectors, it.word), i+1
		case it.word == "FROM" && wordsAt(items, i-1, "DISTINCT") && (wordsAt(items, i-2, "IS") || wordsAt(items, i-2, "NOT")): // a comparison
		case slices.Contains(conditionWords, it.word) || slices.Contains(clauseWords, it.word):
			finish(i)
			opener, start = it.word, i+1
			if wordsAt(items, i, "ON", "CONFLICT") || wordsAt(items, i, "ON", "COMMIT") {
				opener = ""
			}
		}
	}
	finish(len(items))
}

func (f *finder) addPredicates(operands [][]item, connectors []string) {
	for i, operand := range operands {
		if len(operand) == 0 || wordsAt(operand, 0, "TRUE") {
			continue
		}
		around := connectors[max(i-1, 0):min(i+1, len(connectors))]
		end := " OR TRUE)"
		if len(around) > 0 && !slices.Contains(around, "AND") {
			end = " AND FALSE)"
		}
		first, last := f.span(operand)
		f.addMutant("predicate", first, last, "("+f.text[first:last]+end)
	}
}

// span returns the position of items in the text.
func (f *finder) span(items []item) (start, end int) {
	return f.tokens[items[0].first].start, f.tokens[items[len(items)-1].end-1].end
}

// findLocks finds locking clauses, which end the items, and advisory locks.
func (f *finder) findLocks(items []item) {
	for i, it := range items {
		switch {
		case it.word == "FOR" && i+1 < len(items) && slices.Contains([]string{"UPDATE", "SHARE", "NO", "KEY"}, items[i+1].word):
			start, end := f.span(items[i:])
			f.addMutant("lock", start, end, "")
			if of := slices.IndexFunc(items, func(it item) bool { return it.word == "OF" }); of > i && wordsAt(items, of+2, ",") {
				f.addListMutants("lock", items[of+1:])
			}
		case strings.HasPrefix(it.word, "PG_") && strings.Contains(it.word, "_LOCK") && strings.Contains(it.word, "ADVISORY") && wordsAt(items, i+1, "("):
			start, end := f.span(items[i : i+2])
			open := f.tokens[items[i+1].first].start
			f.addMutant("lock", start, end, "("+f.text[open:end]+"::bigint IS NOT NULL)")
		}
	}
}

// addListMutants adds a mutant without each name of a list.
func (f *finder) addListMutants(kind string, list []item) {
	var names []string
	for i := 0; i < len(list); i += 2 { // a comma follows each name
		names = append(names, f.text[f.tokens[list[i].first].start:f.tokens[list[i].first].end])
	}
	start, end := f.span(list)
	for i := range names {
		f.addMutant(kind, start, end, strings.Join(slices.Concat(names[:i], names[i+1:]), ", "))
	}
}

// findOrders finds the terms of ORDER BY.
func (f *finder) findOrders(items []item) {
	for i := range items {
		if !wordsAt(items, i, "ORDER", "BY") {
			continue
		}
		for start, j := i+2, i+2; j <= len(items); j++ {
			if j < len(items) && !slices.Contains([]string{",", "LIMIT", "FOR", "UNION", "ON", ";"}, items[j].word) {
				continue
			}
			f.addOrder(items[start:j])
			if j == len(items) || items[j].word != "," {
				break
			}
			start = j + 1
		}
	}
}

func (f *finder) addOrder(term []item) {
	if len(term) == 0 {
		return
	}
	start, end := f.span(term)
	text := f.text[start:end]
	reversed := text + " DESC"
	switch last := term[len(term)-1]; last.word {
	case "DESC":
		reversed = text[:len(text)-len("DESC")] + "ASC"
	case "ASC":
		reversed = text[:len(text)-len("ASC")] + "DESC"
	}
	f.addMutant("order", start, end, reversed)
}

func (f *finder) findDistincts(items []item) {
	for i, it := range items {
		if it.word == "DISTINCT" && !wordsAt(items, i+1, "FROM") {
			start, end := f.span(items[i : i+1])
			f.addMutant("distinct", start, end, "")
		}
	}
}

var (
	parameters = regexp.MustCompile(`\$[0-9]+`)
	lists      = regexp.MustCompile(`(\w\.\w+|\$), (\w\.\w+|\$)(, (\w\.\w+|\$))*`)
	blanks     = regexp.MustCompile(`\s+`)
)

// addMutant adds the mutant that replaces a part of the text. Its key does not depend on the numbers of parameters,
// on white space, and on the length of a list of columns.
func (f *finder) addMutant(kind string, start, end int, replacement string) {
	part := f.text[start:end]
	text := strings.TrimSpace(blanks.ReplaceAllString(parameters.ReplaceAllString(part, "$$"), " "))
	text = lists.ReplaceAllString(text, "$1, …")
	key := f.name + ":" + kind + ":" + text
	if kind == "lock" && replacement != "" {
		key += " -> " + replacement
	}
	if f.keys[key]++; f.keys[key] > 1 {
		key = fmt.Sprintf("%s#%d", key, f.keys[key])
	}
	f.found = append(f.found, Reached{key, part, replacement, f.text, f.text[:start] + replacement + f.text[end:]})
}
