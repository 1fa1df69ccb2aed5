package edu

import (
	"fmt"
	"strconv"
	"strings"
)

// TagKind is what a Tag is of. A read depends on tags, and a change has tags: an
// answer is as good as new while no change had a tag that one of its reads
// depends on. The database's triggers write the tags of changes: see
// migrations/0011_changes.sql, and 0012_titles.sql for those of courses.
type TagKind uint8

// The kinds of tags; those above TagCourse have no id. A read depends on what it
// looked at: the rows it gave, the keys it was asked for, found or not, and the
// lists that a row could have come from.
const (
	_ TagKind = iota

	// TagEverything, "*", is anything at all: a table was truncated, or a
	// statement changed more than it can tell.
	TagEverything
	// TagCourses, "courses": which courses are published, and what lists,
	// filters, searches and facets of them look at other than counters and
	// text; also the category of a draft.
	TagCourses
	// TagCoursesText, "courses.text": the title and the description of a
	// published course.
	TagCoursesText
	// TagCoursesTitles, "courses.titles": the title of a published course.
	TagCoursesTitles
	// TagCoursesPublished, "courses.published": a course was published or hidden.
	// One that is new is related to none, and one that goes leaves what it is
	// related to: see TagCourseRelated.
	TagCoursesPublished
	// TagCoursesEnrollments, "courses.enrollments": how many take a published
	// course. What ends at a place in that order needs TagCoursesEnrollmentPart only.
	TagCoursesEnrollments
	// TagCoursesSlugs, "courses.slugs": which slugs courses have, for a look-up
	// that finds nothing.
	TagCoursesSlugs
	// TagWords, "words": the vocabulary that corrections come from.
	TagWords
	// TagCategories, "categories": which there are, their names and slugs.
	TagCategories
	// TagCategoriesCounts, "categories.counts": how many courses are published
	// in some category.
	TagCategoriesCounts
	// TagAnalytics, "analytics": the figures of courses, as of a refresh.
	TagAnalytics
	// TagPlatform, "platform": the figures of the platform, as of a refresh.
	TagPlatform

	// TagCourse, "course:12": the course's row, counters and all.
	TagCourse
	// TagCoursesRatingPart, "courses.rating:90": the rating of a published course came
	// to, left or passed a RatingPart, which is the id.
	TagCoursesRatingPart
	// TagCoursesEnrollmentPart, "courses.enrollments:12": how many take a published course
	// came to, left or passed an EnrollmentPart, which is the id.
	TagCoursesEnrollmentPart
	// TagCourseVideos, "course:12.videos": the rows of its videos.
	TagCourseVideos
	// TagCourseReviews, "course:12.reviews": the rows of its reviews.
	TagCourseReviews
	// TagCourseEnrollments, "course:12.enrollments": the rows of its enrollments.
	TagCourseEnrollments
	// TagCourseRelated, "course:12.related": which courses are related to it.
	TagCourseRelated
	// TagCategory, "category:3": the category's row, its counter too.
	TagCategory
	// TagUser, "user:7": what everyone may read of the user.
	TagUser
	// TagUserPrivate, "user:7.private": what the user and admins may read.
	TagUserPrivate
	// TagUserCourses, "user:7.courses": which courses the user teaches, and
	// which of them are published since when.
	TagUserCourses
	// TagTeaching, "teaching:7": enrollments, completions and ratings of the
	// courses that the user teaches, as sums.
	TagTeaching
	// TagUserEnrollments, "user:7.enrollments": the rows of the user's
	// enrollments.
	TagUserEnrollments
	// TagUserProgress, "user:7.progress": what the user watched.
	TagUserProgress
	// TagEnrollment, "enrollment:5": the enrollment's row.
	TagEnrollment
	// TagReview, "review:9": the review's row.
	TagReview
	// TagVideo, "video:4": the video's row.
	TagVideo
)

// tagNames is what stands before the id of a tag, or is all of its name, and what
// stands after the id.
var tagNames = [...][2]string{
	TagEverything: {"*"}, TagCourses: {"courses"}, TagCoursesText: {"courses.text"}, TagCoursesTitles: {"courses.titles"},
	TagCoursesPublished: {"courses.published"}, TagCoursesEnrollments: {"courses.enrollments"}, TagCoursesSlugs: {"courses.slugs"},
	TagWords: {"words"}, TagCategories: {"categories"}, TagCategoriesCounts: {"categories.counts"},
	TagAnalytics: {"analytics"}, TagPlatform: {"platform"},
	TagCoursesRatingPart: {"courses.rating:"}, TagCoursesEnrollmentPart: {"courses.enrollments:"},
	TagCourse: {"course:"}, TagCourseVideos: {"course:", ".videos"}, TagCourseReviews: {"course:", ".reviews"},
	TagCourseEnrollments: {"course:", ".enrollments"}, TagCourseRelated: {"course:", ".related"}, TagCategory: {"category:"},
	TagUser: {"user:"}, TagUserPrivate: {"user:", ".private"}, TagUserCourses: {"user:", ".courses"}, TagTeaching: {"teaching:"},
	TagUserEnrollments: {"user:", ".enrollments"}, TagUserProgress: {"user:", ".progress"},
	TagEnrollment: {"enrollment:"}, TagReview: {"review:"}, TagVideo: {"video:"},
}

// Tag names something that reads depend on and changes touch.
type Tag struct {
	Kind TagKind
	ID   int64 // 0 for the kinds that have none
}

// WithID returns the kind's tag of an id.
func (k TagKind) WithID(id int64) Tag { return Tag{k, id} }

// String returns the tag's name, e.g. "course:12.videos", as changes have it.
func (t Tag) String() string { return string(t.appendName(nil)) }

func (t Tag) appendName(to []byte) []byte {
	name := tagNames[t.Kind]
	to = append(to, name[0]...)
	if t.Kind < TagCourse {
		return to
	}
	return append(strconv.AppendInt(to, t.ID, 10), name[1]...)
}

// ParseTag reads a tag's name as String writes it. The error lists the names that
// there are.
func ParseTag(name string) (Tag, error) {
	for kind := TagEverything; int(kind) < len(tagNames); kind++ {
		rest, ok := strings.CutPrefix(name, tagNames[kind][0])
		if !ok {
			continue
		}
		id, _ := strconv.ParseInt(strings.TrimSuffix(rest, tagNames[kind][1]), 10, 64)
		if t := kind.WithID(id); t.String() == name {
			return t, nil
		}
	}
	return Tag{}, fmt.Errorf("%q is no tag: there are %s", name, strings.Join(tagPatterns(), ", "))
}

// tagPatterns are the names of all kinds, with ID for the id.
func tagPatterns() []string {
	var forms []string
	for kind, name := range tagNames {
		switch {
		case TagKind(kind) >= TagCourse:
			forms = append(forms, name[0]+"ID"+name[1])
		case name[0] != "":
			forms = append(forms, name[0])
		}
	}
	return forms
}

// NameHash returns HashTagName of the tag's name.
func (t Tag) NameHash() uint64 {
	var name [48]byte // the longest has 39
	return hashTagName(t.appendName(name[:0]))
}

// HashTagName returns the 64-bit FNV-1a of a tag's name: the same everywhere and
// always, so that instances can tell each other of tags by it.
func HashTagName(name string) uint64 { return hashTagName(name) }

func hashTagName[T string | []byte](name T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}
