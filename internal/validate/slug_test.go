package validate_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/validate"
)

func TestSlugify(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Go for Gophers":               "go-for-gophers",
		"  C++ & C#: 2nd edition!  ":   "c-plus-plus-c-sharp-2nd-edition",
		"Crème Brûlée – naïvement":     "creme-brulee-naivement",
		"Cre\u0300me":                  "creme",
		"Straße, ẞ, Ærø, œuvre":        "strasse-ss-aero-oeuvre",
		"Łódź Đorđe Þór ıİ":            "lodz-dorde-thor-ii",
		"Don’t Can't":                  "dont-cant",
		"ﬁve Ｗｉｄｅ ² ⅷ":                 "five-wide-2-viii",
		"Программирование на Питоне":   "programmirovanie-na-pitone",
		"数学 101":                       "shu-xue-101",
		"Σχεδίαση":                     "skhediase",
		"हिन्दी":                       "hindii",
		"日本語 入門":                       "ri-ben-yu-ru-men",
		"한국어":                          "hangugeo",
		"!?":                           "course",
		"":                             "course",
		"---a---":                      "a",
		"a/../b?c=d#e%2f":              "a-b-c-d-e-2f",
		strings.Repeat("a", 200):       strings.Repeat("a", 73),
		strings.Repeat("abcdef ", 20):  "abcdef-abcdef-abcdef-abcdef-abcdef-abcdef-abcdef-abcdef-abcdef-abcdef",
		strings.Repeat("a", 73) + " b": strings.Repeat("a", 73),
	} {
		if got := validate.Slugify(title); got != want {
			t.Errorf("Slugify(%q) = %q, want %q", title, got, want)
		}
	}
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// FuzzSlug searches for a title whose slug is invalid or too long, or changes if it is slugified again.
func FuzzSlug(f *testing.F) {
	for _, title := range []string{"", "a", "Crème – 数学 ß", strings.Repeat("a-", 90), strings.Repeat("\ufdfa", 200), "\xff\x00", "İ\u0300"} {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		got := validate.Slugify(title)
		if !slugPattern.MatchString(got) || len(got) > validate.MaxSlugLength {
			t.Errorf("Slugify(%q) = %q, want a slug of at most %d characters", title, got, validate.MaxSlugLength)
		}
		if again := validate.Slugify(got); again != got {
			t.Errorf("Slugify(%q) = %q, but Slugify of that is %q", title, got, again)
		}
	})
}
