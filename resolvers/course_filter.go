package resolvers

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/validate"
)

// maxLanguageLength is the maximum length of a language tag. RFC 5646, section 4.4.1, expects at most 35
// characters.
const maxLanguageLength = 35

// parseLanguage returns the canonical form of a BCP 47 language tag, and whether it is one.
func parseLanguage(tag string) (string, bool) {
	// Parse also accepts en_US, which BCP 47 does not.
	parsed, err := language.Parse(tag)
	return parsed.String(), err == nil && tag != "" && !strings.Contains(tag, "_") && len(tag) <= maxLanguageLength
}

// validateLanguage validates a language tag and returns its canonical form.
func validateLanguage(in validate.Input, field, tag string) string {
	canonical, ok := parseLanguage(tag)
	if !ok {
		in.RejectField(field, "must be a BCP 47 language tag such as en or de-CH, of at most {max} characters", maxLanguageLength)
	}
	return canonical
}

// parseFilter validates a filter of courses. A nil filter has no conditions.
func parseFilter(f *edu.CourseFilter) (edu.CourseConditions, error) {
	where, err := f.ParseConditions()
	if err != nil {
		return where, err
	}
	languages := make([]string, len(where.Languages))
	for i, tag := range where.Languages {
		var ok bool
		if languages[i], ok = parseLanguage(tag); !ok {
			return where, edu.Errorf(edu.BadUserInput, "filter.languages takes BCP 47 language tags such as en or de-CH, of at most %d characters; got %.40q", maxLanguageLength, tag)
		}
	}
	where.Languages = languages
	return where, nil
}
