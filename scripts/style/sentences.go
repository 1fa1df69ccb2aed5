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

// Limits of the figures: the largest share of sentences that hide their subject, the longest functions, and the
// shortest mean length of their names.
const (
	maxHiddenShare  = 0.005
	maxLines95      = 29
	maxLines        = 70
	minLettersNamed = 9.0
)

// checkFigures writes how many sentences begin with a word that hides their subject, and the figures of functions.
// It returns an error if a figure is beyond its limit.
func checkFigures(w io.Writer, files []string) error {
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
	share := float64(hidden) / float64(max(1, sentences))
	fmt.Fprintf(w, "sentences: %d, of which %d (%.2f %%) begin with Who, What, That, Those or Of\n", sentences, hidden, 100*share)
	functions, err := readFunctions(files)
	if err != nil {
		return err
	}
	figures := measureFunctions(functions)
	fmt.Fprintln(w, figures)
	switch {
	case share > maxHiddenShare:
		return fmt.Errorf("more than %.1f %% of the sentences hide their subject: begin them with a noun", 100*maxHiddenShare)
	case figures.p95 > maxLines95, figures.longest.lines > maxLines:
		return fmt.Errorf("functions are too long: p95 is at most %d lines, and none has more than %d", maxLines95, maxLines)
	case figures.letters < minLettersNamed:
		return fmt.Errorf("names of functions are too short: they have %.0f letters in the mean, by saying verb and object", minLettersNamed)
	}
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
