package validate

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// maxPathLength limits the length of a path, in characters.
const maxPathLength = 500

// relativePath matches a file in a directory. All characters of it are the same in a URL.
var relativePath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$`) })

// ValidatePath returns the relative path of a file in a directory. It must have one of the extensions, such as .mp4,
// and at most 500 characters.
func (in Input) ValidatePath(field, text string, extensions []string) string {
	switch {
	case len(text) > maxPathLength:
		in.RejectField(field, "must have at most {max} characters; it has {actual}", maxPathLength, len(text))
	case !relativePath().MatchString(text) || path.Clean(text) != text || strings.HasPrefix(text, "../"):
		in.RejectField(field, "must be a relative path in a directory, such as intro/index.m3u8: ASCII letters, digits and . _ -, without .. and without a scheme")
	case !slices.Contains(extensions, path.Ext(text)):
		in.RejectField(field, "must end with one of {extensions}", strings.Join(extensions, ", "))
	}
	return text
}
