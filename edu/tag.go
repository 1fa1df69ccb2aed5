package edu

import (
	"fmt"
	"strconv"
	"strings"
)

// TagKind is the kind of a Tag. A read depends on tags, and a change has tags. A cached response is
// valid while no change had a tag that one of its reads depends on. The triggers of the database
// write the tags of changes: see migrations/0011_changes.sql, and 0012_titles.sql for those of
// courses.
type TagKind uint8

// The kinds of tags. All kinds before TagCourse have no id. A read depends on the rows that it
// returned, on the keys that it searched for, found or not, and on the lists that a row could be
// in.
const (
	_ TagKind = iota

	// TagEverything, "*", stands for all data: a table was truncated, or a statement changed too
	// many rows to list them.
	TagEverything
	// TagCourses, "courses": the set of published courses, and the columns that lists, filters,
	// searches and facets of them use, except counters and text. Also the category of a draft.
	TagCourses
	// TagCoursesText, "courses.text": the title, the description and the instructor's name of a
	// published course.
	TagCoursesText
	// TagCoursesTitles, "courses.titles": the title of a published course.
	TagCoursesTitles
	// TagCoursesPublished, "courses.published": a course was published or hidden. A new course is
	// related to none, and deleting a course changes the related courses of others: see
	// TagCourseRelated.
	TagCoursesPublished
	// TagCoursesEnrollments, "courses.enrollments": the number of enrollments of a published
	// course. A page that ends at a position in that order only needs TagCoursesEnrollmentPart.
	TagCoursesEnrollments
	// TagCoursesSlugs, "courses.slugs": the set of course slugs, for lookups that find nothing.
	TagCoursesSlugs
	// TagWords, "words": the vocabulary of corrections and suggestions.
	TagWords
	// TagCategories, "categories": the set of categories, their names and slugs.
	TagCategories
	// TagCategoriesCounts, "categories.counts": the number of published courses of any category.
	TagCategoriesCounts
	// TagAnalytics, "analytics": the figures of courses as of the last refresh.
	TagAnalytics
	// TagUsersSlugs, "users.slugs": the set of slugs of users, for lookups that find nothing.
	TagUsersSlugs
	// TagCertificates, "certificates": the set of certificates, for lookups that find nothing.
	TagCertificates
	// TagPlatform, "platform": the figures of the platform as of the last refresh.
	TagPlatform

	// TagCourse, "course:12": the row of the course, counters included.
	TagCourse
	// TagCoursesRatingPart, "courses.rating:90": the rating of a published course entered, left or
	// crossed a RatingPart, which is the id.
	TagCoursesRatingPart
	// TagCoursesEnrollmentPart, "courses.enrollments:12": the number of enrollments of a published
	// course entered, left or crossed an EnrollmentPart, which is the id.
	TagCoursesEnrollmentPart
	// TagCourseVideos, "course:12.videos": the rows of the course's videos.
	TagCourseVideos
	// TagCourseSections, "course:12.sections": the rows of the course's sections.
	TagCourseSections
	// TagCourseReviews, "course:12.reviews": the rows of the course's reviews.
	TagCourseReviews
	// TagCourseEnrollments, "course:12.enrollments": the rows of the course's enrollments.
	TagCourseEnrollments
	// TagCourseRelated, "course:12.related": the set of courses related to the course.
	TagCourseRelated
	// TagCategory, "category:3": the row of the category, counter included.
	TagCategory
	// TagUser, "user:7": the public columns of the user.
	TagUser
	// TagUserPrivate, "user:7.private": the columns that only the user and admins may read.
	TagUserPrivate
	// TagUserCourses, "user:7.courses": the set of courses that the user teaches, their publication
	// states and times, titles and prices.
	TagUserCourses
	// TagTeaching, "teaching:7": the sums of enrollments, completions and ratings of the courses
	// that the user teaches.
	TagTeaching
	// TagUserEnrollments, "user:7.enrollments": the rows of the user's enrollments.
	TagUserEnrollments
	// TagUserProgress, "user:7.progress": the rows of the user's video progress.
	TagUserProgress
	// TagEnrollment, "enrollment:5": the row of the enrollment.
	TagEnrollment
	// TagReview, "review:9": the row of the review.
	TagReview
	// TagUserWishlist, "user:7.wishlist": the rows of the user's wishlist.
	TagUserWishlist
	// TagUserCertificates, "user:7.certificates": the rows of the user's certificates.
	TagUserCertificates
	// TagCertificate, "certificate:5": the row of the certificate.
	TagCertificate
	// TagVideo, "video:4": the row of the video.
	TagVideo
	// TagSection, "section:6": the row of the section.
	TagSection
)

// tagNames holds the parts of a tag's name before and after its id. The first part is the whole
// name of a kind without ids.
var tagNames = [...][2]string{
	TagEverything: {"*"}, TagCourses: {"courses"}, TagCoursesText: {"courses.text"}, TagCoursesTitles: {"courses.titles"},
	TagCoursesPublished: {"courses.published"}, TagCoursesEnrollments: {"courses.enrollments"}, TagCoursesSlugs: {"courses.slugs"},
	TagWords: {"words"}, TagCategories: {"categories"}, TagCategoriesCounts: {"categories.counts"},
	TagUsersSlugs: {"users.slugs"}, TagCertificates: {"certificates"}, TagAnalytics: {"analytics"}, TagPlatform: {"platform"},
	TagCoursesRatingPart: {"courses.rating:"}, TagCoursesEnrollmentPart: {"courses.enrollments:"},
	TagCourse: {"course:"}, TagCourseVideos: {"course:", ".videos"}, TagCourseSections: {"course:", ".sections"}, TagCourseReviews: {"course:", ".reviews"},
	TagCourseEnrollments: {"course:", ".enrollments"}, TagCourseRelated: {"course:", ".related"}, TagCategory: {"category:"},
	TagUser: {"user:"}, TagUserPrivate: {"user:", ".private"}, TagUserCourses: {"user:", ".courses"}, TagTeaching: {"teaching:"},
	TagUserEnrollments: {"user:", ".enrollments"}, TagUserProgress: {"user:", ".progress"},
	TagUserWishlist: {"user:", ".wishlist"}, TagUserCertificates: {"user:", ".certificates"}, TagCertificate: {"certificate:"},
	TagEnrollment: {"enrollment:"}, TagReview: {"review:"}, TagVideo: {"video:"}, TagSection: {"section:"},
}

// Tag names data that reads depend on and that changes touch.
type Tag struct {
	Kind TagKind
	ID   int64 // 0 for kinds without ids
}

// WithID returns the tag of the kind with an id.
func (k TagKind) WithID(id int64) Tag { return Tag{k, id} }

// String returns the name of the tag, e.g. "course:12.videos", as the table of changes stores it.
func (t Tag) String() string { return string(t.appendName(nil)) }

func (t Tag) appendName(to []byte) []byte {
	name := tagNames[t.Kind]
	to = append(to, name[0]...)
	if t.Kind < TagCourse {
		return to
	}
	return append(strconv.AppendInt(to, t.ID, 10), name[1]...)
}

// ParseTag parses the name that String returns. The error lists the names of all kinds.
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
	return Tag{}, fmt.Errorf("unknown tag %q: expected one of %s", name, strings.Join(tagPatterns(), ", "))
}

// tagPatterns returns the names of all kinds, with ID in place of the id, or PART if the id is a
// part of an order.
func tagPatterns() []string {
	var patterns []string
	for kind, name := range tagNames {
		switch kind := TagKind(kind); {
		case kind == TagCoursesRatingPart || kind == TagCoursesEnrollmentPart:
			patterns = append(patterns, name[0]+"PART")
		case kind >= TagCourse:
			patterns = append(patterns, name[0]+"ID"+name[1])
		case name[0] != "":
			patterns = append(patterns, name[0])
		}
	}
	return patterns
}

// NameHash returns HashTagName of the name of the tag.
func (t Tag) NameHash() uint64 {
	var name [48]byte // the longest name has 39 bytes
	return hashTagName(t.appendName(name[:0]))
}

// HashTagName returns the 64-bit FNV-1a hash of a tag's name. It is the same in every process, so
// that instances can send each other tags by their hashes.
func HashTagName(name string) uint64 { return hashTagName(name) }

func hashTagName[T string | []byte](name T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}
