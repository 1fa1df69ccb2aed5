package cdn

import (
	"cmp"
	"encoding/base32"
	"encoding/binary"
	"slices"

	"github.com/7p-education/api/edu"
)

// MaxKeys is the most surrogate keys that a response has. CloudFront ignores keys beyond the 50th.
const MaxKeys = 40

// keyEncoding has no upper-case letters: CloudFront ignores the case of keys.
var keyEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// keyBytes is the length of a key before its encoding. 48 bits become 10 characters. Two tags with the same
// key only cause needless purges.
const keyBytes = 6

// privateKinds are the tags of data that no public response contains. They change often and need no
// purge, for example each time that a student watches a video.
var privateKinds = [...]edu.TagKind{
	edu.TagUserPrivate, edu.TagUserEnrollments, edu.TagUserProgress, edu.TagUserWishlist, edu.TagEnrollment,
}

// everythingKey is a key of every response, so that one purge removes them all.
var everythingKey = encodeKey(edu.TagEverything.WithID(0).NameHash())

// Keys returns the surrogate keys of a response that depends on tags, at most MaxKeys and sorted; nil if no CDN
// may store the response. A response with many tags of a kind has one key of the whole kind in their place,
// which each change of the kind purges.
func Keys(tags []edu.Tag) []string {
	byKind := map[edu.TagKind][]edu.Tag{}
	for _, tag := range tags {
		if slices.Contains(privateKinds[:], tag.Kind) {
			return nil
		}
		byKind[tag.Kind] = append(byKind[tag.Kind], tag)
	}
	kinds := make([]edu.TagKind, 0, len(byKind))
	for kind := range byKind {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b edu.TagKind) int {
		return cmp.Or(cmp.Compare(len(byKind[b]), len(byKind[a])), cmp.Compare(a, b))
	})
	keys := []string{everythingKey}
	excess := len(tags) + len(keys) - MaxKeys
	for _, kind := range kinds {
		if n := len(byKind[kind]); excess > 0 && n > 1 {
			keys = append(keys, kindKey(kind))
			excess -= n - 1
			continue
		}
		for _, tag := range byKind[kind] {
			keys = append(keys, encodeKey(tag.NameHash()))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// PurgeKeys returns the keys of all responses that depend on a tag, none if no public response does.
func PurgeKeys(tag edu.Tag) []string {
	switch {
	case tag.Kind == edu.TagEverything:
		return []string{everythingKey}
	case slices.Contains(privateKinds[:], tag.Kind):
		return nil
	case tag.Kind < edu.TagCourse: // kinds without ids
		return []string{encodeKey(tag.NameHash())}
	}
	return []string{encodeKey(tag.NameHash()), kindKey(tag.Kind)}
}

// kindKey returns the key of all tags of a kind. No tag has a name that ends with *.
func kindKey(kind edu.TagKind) string {
	return encodeKey(edu.HashTagName(kind.WithID(0).String() + "*"))
}

func encodeKey(hash uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], hash)
	return keyEncoding.EncodeToString(b[:keyBytes])
}
