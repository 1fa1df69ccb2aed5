package main

import (
	"fmt"
	"io"
	"regexp"
)

var (
	sentenceEnd = regexp.MustCompile(`[.!?:]\s+["(]?([A-Z])`)
	lineEnd     = regexp.MustCompile(`[.!?:]$`)
	inverted    = regexp.MustCompile(`^["(*]*(Who|Whoever|Whom|Whose|What|Whatever|That|Those|Of)\b`)
)

// printFigures writes how many sentences begin with a word that hides their subject, and the figures of functions.
func printFigures(w io.Writer, files []string) error {
	sentences, hidden := 0, 0
	for _, file := range files {
		pieces, err := readProse(file)
		if err != nil {
			return err
		}
		for i, p := range pieces {
			p.start = p.start || i > 0 && lineEnd.MatchString(pieces[i-1].text)
			for _, s := range splitSentences(p) {
				sentences++
				if inverted.MatchString(s) {
					hidden++
					fmt.Fprintf(w, "%s:%d: %.100s\n", file, p.line, s)
				}
			}
		}
	}
	fmt.Fprintf(w, "sentences: %d, %d of them (%.2f %%) begin with Who, What, That, Those or Of\n", sentences, hidden, 100*float64(hidden)/float64(max(1, sentences)))
	functions, err := readFunctions(files)
	if err != nil {
		return err
	}
	printFunctions(w, functions)
	return nil
}

// splitSentences returns the sentences that begin within a piece.
func splitSentences(p piece) []string {
	var found []string
	if p.start && p.text != "" {
		found = append(found, p.text)
	}
	for _, at := range sentenceEnd.FindAllStringSubmatchIndex(p.text, -1) {
		found = append(found, p.text[at[2]:])
	}
	return found
}
