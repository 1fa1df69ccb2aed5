package middleware

import "strings"

// MatchETag returns the tag of If-None-Match that equals an ETag, weak if the client sends it as weak,
// or "". The comparison is weak (RFC 9110, section 13.1.2): another content coding is the same
// response.
func MatchETag(ifNoneMatch []string, etag string) string {
	for _, list := range ifNoneMatch {
		for tag := range strings.SplitSeq(list, ",") {
			switch tag = strings.TrimSpace(tag); {
			case tag == "*":
				return etag
			case strings.TrimPrefix(tag, "W/") == etag:
				return tag
			}
		}
	}
	return ""
}
