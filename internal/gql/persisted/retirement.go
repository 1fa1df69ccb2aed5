package persisted

import (
	"cmp"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
)

// findRetirement reports whether a document is retired for a client, and returns the first version of
// the client that does not send it, "" if that is unknown. The retirement for the client takes precedence
// over the one for all, because clients count their versions each in their own way.
func (d *Document) findRetirement(client string) (minimum string, retired bool) {
	if minimum, retired = d.RetiredClients[sanitizeName(client)]; retired {
		return minimum, true
	}
	return d.MinimumVersion, d.RetiredAt != nil
}

// retirementError returns the error of a retired document. It names the version to update to, unless the
// client has it already: an update would not help then.
func retirementError(minimum, version string) *gqlerror.Error {
	const retired = "this operation is retired: "
	switch {
	case minimum == "":
		return response.ErrorWithCode(response.CodePersistedQueryRetired, retired+"the version of the app that sends it is too old, update it")
	case !isOlderVersion(version, minimum):
		return response.ErrorWithCode(response.CodePersistedQueryRetired, retired+"this version of the app must not send it")
	}
	err := response.ErrorWithCode(response.CodePersistedQueryRetired, retired+"update the app to version "+minimum+" or later")
	err.Extensions["minimumVersion"] = minimum
	return err
}

// isOlderVersion reports whether a version of a client is less than another by the rules of Semantic
// Versioning, with any number of parts. A version that is no such version may be any, so it is older.
func isOlderVersion(version, than string) bool {
	a, ok := parseVersion(version)
	b, ok2 := parseVersion(than)
	if !ok || !ok2 {
		return true
	}
	for i := range max(len(a.parts), len(b.parts)) {
		if order := compareNumbers(partAt(a.parts, i), partAt(b.parts, i)); order != 0 {
			return order < 0
		}
	}
	return isOlderPrerelease(a.prerelease, b.prerelease)
}

// version is a parsed version of a client.
type version struct {
	parts      []string // decimal numbers
	prerelease string   // "" for none
}

// parseVersion parses versions such as 3.2, v3.2.0-beta.1 and 3.2.0 (451). It returns false for others.
func parseVersion(text string) (version, bool) {
	text = strings.TrimLeft(strings.TrimSpace(text), "vV")
	if end := strings.IndexAny(text, "+ ("); end >= 0 { // the number of the build
		text = text[:end]
	}
	numbers, prerelease, _ := strings.Cut(text, "-")
	v := version{parts: strings.Split(numbers, "."), prerelease: prerelease}
	for _, part := range v.parts {
		if !isNumber(part) {
			return version{}, false
		}
	}
	return v, true
}

func partAt(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return "0"
}

func isNumber(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// compareNumbers compares decimal numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// isOlderPrerelease compares what follows the hyphen of two versions with the same numbers. A release
// comes after its prereleases.
func isOlderPrerelease(a, b string) bool {
	if a == "" || b == "" {
		return a != "" && b == ""
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if order := comparePrereleaseParts(as[i], bs[i]); order != 0 {
			return order < 0
		}
	}
	return len(as) < len(bs)
}

// comparePrereleaseParts orders numbers before words.
func comparePrereleaseParts(a, b string) int {
	switch aNumber, bNumber := isNumber(a), isNumber(b); {
	case aNumber && bNumber:
		return compareNumbers(a, b)
	case aNumber:
		return -1
	case bNumber:
		return 1
	}
	return strings.Compare(a, b)
}
