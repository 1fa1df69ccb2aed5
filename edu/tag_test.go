package edu_test

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

// The triggers of the database depend on the names of tags, and other instances on their hashes.
func TestTagNames(t *testing.T) {
	t.Parallel()
	for tag, name := range map[edu.Tag]string{
		edu.TagEverything.WithID(0):              "*",
		edu.TagCoursesText.WithID(0):             "courses.text",
		edu.TagCoursesTitles.WithID(0):           "courses.titles",
		edu.TagCoursesRatingPart.WithID(100):     "courses.rating:100",
		edu.TagCoursesEnrollmentPart.WithID(895): "courses.enrollments:895",
		edu.TagCoursesEnrollments.WithID(0):      "courses.enrollments",
		edu.TagPlatform.WithID(7):                "platform",
		edu.TagCourse.WithID(12):                 "course:12",
		edu.TagCourseVideos.WithID(12):           "course:12.videos",
		edu.TagUserPrivate.WithID(1<<63 - 1):     "user:9223372036854775807.private",
		edu.TagCourseEnrollments.WithID(-1):      "course:-1.enrollments",
		edu.TagVideo.WithID(4):                   "video:4",
		edu.TagSection.WithID(6):                 "section:6",
		edu.TagCourseSections.WithID(12):         "course:12.sections",
		edu.TagUsersSlugs.WithID(0):              "users.slugs",
		edu.TagCertificates.WithID(0):            "certificates",
		edu.TagCertificate.WithID(5):             "certificate:5",
		edu.TagUserCertificates.WithID(7):        "user:7.certificates",
		edu.TagUserWishlist.WithID(7):            "user:7.wishlist",
		edu.TagCategoriesCounts.WithID(0):        "categories.counts",
		edu.TagCoursesPublished.WithID(0):        "courses.published",
		edu.TagUserEnrollments.WithID(1234567):   "user:1234567.enrollments",
	} {
		if got := tag.String(); got != name {
			t.Errorf("%v is named %q, want %q", tag, got, name)
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(name))
		if tag.NameHash() != h.Sum64() || edu.HashTagName(name) != h.Sum64() {
			t.Errorf("the hashes of %s are %x and %x, want %x", name, tag.NameHash(), edu.HashTagName(name), h.Sum64())
		}
	}
}

// Every tag can be parsed from its name, and a parsed tag has the name that was parsed.
func FuzzParseTag(f *testing.F) {
	for kind := edu.TagEverything; kind <= edu.TagVideo; kind++ {
		f.Add(uint8(kind), int64(12), kind.WithID(1<<40).String())
	}
	f.Add(uint8(edu.TagCourse), int64(-1), "course:01")
	f.Add(uint8(edu.TagUser), int64(-1<<63), "user:+1.private")
	f.Add(uint8(edu.TagCourse), int64(0), "course:9223372036854775808")
	f.Fuzz(func(t *testing.T, kind uint8, id int64, name string) {
		if k := edu.TagKind(kind); k >= edu.TagEverything && k <= edu.TagVideo {
			tag := k.WithID(id)
			if k < edu.TagCourse {
				tag.ID = 0
			}
			if parsed, err := edu.ParseTag(tag.String()); err != nil || parsed != tag {
				t.Errorf("%s is parsed as %+v, %v; want %+v", tag, parsed, err, tag)
			}
		}
		if tag, err := edu.ParseTag(name); err == nil && tag.String() != name {
			t.Errorf("%q is parsed, but formatted as %q", name, tag)
		}
	})
}

// The error of an unknown tag lists all tags.
func TestParseTagRejectsUnknownTags(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "course", "course:", "course:x", "course:12.", "course:12.video", "Courses", "course:012", "courses.rating", "courses.enrollments:", "course:1 ", "teaching:7.x"} {
		_, err := edu.ParseTag(name)
		if err == nil {
			t.Errorf("%q is accepted", name)
			continue
		}
		for _, pattern := range []string{"*", "courses.text", "courses.rating:PART", "courses.enrollments:PART", "course:ID", "course:ID.videos", "video:ID"} {
			if !slices.Contains(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == ',' }), pattern) {
				t.Errorf("%v: does not list %s", err, pattern)
			}
		}
	}
}

// Concurrent calls collect each tag once.
func TestTags(t *testing.T) {
	t.Parallel()
	var tags edu.Tags
	if !tags.Complete() || tags.Len() != 0 || len(tags.SortedHashes()) != 0 {
		t.Error("the zero value is not empty")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for id := range int64(100) {
				tags.Collect(edu.TagCourse.WithID(id), edu.TagUser.WithID(id%10), edu.TagCourses.WithID(0))
			}
		})
	}
	wg.Wait()
	if !tags.Complete() || tags.Len() != 111 || len(tags.ListTags()) != 111 {
		t.Errorf("%d tags, complete: %t", tags.Len(), tags.Complete())
	}
	names, hashes := tags.SortedNames(), tags.SortedHashes()
	if !slices.IsSorted(names) || names[0] != "course:0" || !slices.IsSorted(hashes) || !slices.Contains(hashes, edu.HashTagName("user:9")) {
		t.Errorf("names %q, hashes %x", names, hashes)
	}
	tags.MarkIncomplete()
	if tags.Complete() {
		t.Error("incomplete tags are reported as complete")
	}
}

// BenchmarkTags collects the 200 tags of an operation, 50 of them twice.
func BenchmarkTags(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var tags edu.Tags
		for id := range int64(250) {
			tags.Collect(edu.TagCourse.WithID(id % 200))
		}
		if len(tags.SortedHashes()) != 200 {
			b.Fatal("tags were lost")
		}
	}
}
