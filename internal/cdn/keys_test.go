package cdn

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
)

// publicKinds returns the kinds of tags that public responses depend on.
func publicKinds() (kinds []edu.TagKind) {
	for kind := edu.TagCourses; kind <= edu.TagSection; kind++ {
		if !slices.Contains(privateKinds[:], kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// For any response, however many tags it has, a change of each of its tags purges it, and it has at most 40 short
// keys.
func TestEachTagOfAResponsePurgesIt(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	kinds := publicKinds()
	for range 2000 {
		set := map[edu.Tag]bool{}
		for range random.IntN(300) {
			tag := kinds[random.IntN(len(kinds))].WithID(random.Int64N(50))
			if tag.Kind < edu.TagCourse {
				tag.ID = 0
			}
			set[tag] = true
		}
		var tags []edu.Tag
		for tag := range set {
			tags = append(tags, tag)
		}
		keys := Keys(tags)
		if len(keys) > MaxKeys || len(strings.Join(keys, ",")) > 11*MaxKeys {
			t.Fatalf("%d tags have %d keys: %v", len(tags), len(keys), keys)
		}
		for _, tag := range append(tags, edu.TagEverything.WithID(0)) {
			if !slices.ContainsFunc(PurgeKeys(tag), func(key string) bool { return slices.Contains(keys, key) }) {
				t.Fatalf("a change of %s does not purge a response of %v", tag, tags)
			}
		}
	}
	if len(kinds)+1 > MaxKeys {
		t.Errorf("a response that depends on all %d kinds has more than %d keys", len(kinds), MaxKeys)
	}
}

// A response with few tags has exactly their keys, so that other changes leave it in the CDN.
func TestFewTagsHaveExactKeys(t *testing.T) {
	t.Parallel()
	keys := Keys([]edu.Tag{edu.TagCourse.WithID(12), edu.TagCourseVideos.WithID(12), edu.TagUser.WithID(7)})
	for _, other := range []edu.Tag{edu.TagCourse.WithID(13), edu.TagCourseReviews.WithID(12), edu.TagUser.WithID(70), edu.TagCourses.WithID(0)} {
		for _, key := range PurgeKeys(other) {
			if slices.Contains(keys, key) {
				t.Errorf("a change of %s purges %v by %s", other, keys, key)
			}
		}
	}
}

// No CDN stores a response that depends on data of one user, and a change of such data purges nothing.
func TestPrivateDataHaveNoKeys(t *testing.T) {
	t.Parallel()
	for _, kind := range privateKinds {
		tag := kind.WithID(7)
		if keys := Keys([]edu.Tag{edu.TagCourse.WithID(1), tag}); keys != nil || PurgeKeys(tag) != nil {
			t.Errorf("%s has keys %v, and purges %v", tag, keys, PurgeKeys(tag))
		}
	}
}
