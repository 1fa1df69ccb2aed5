package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// rowRecorder records the result of a read, one value for each row.
type rowRecorder []any

func (r *rowRecorder) row(values ...any) { *r = append(*r, values) }

// text returns the result as text, to compare results. Rows are sorted if their order does not
// matter.
func (r *rowRecorder) text(unordered bool) string {
	lines := make([]string, len(*r))
	for i, row := range *r {
		line, err := json.Marshal(row)
		if err != nil {
			panic(err)
		}
		lines[i] = string(line)
	}
	if unordered {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

// recordRow returns a function that records rows.
func recordRow[V any](a *rowRecorder) func(V) { return func(v V) { a.row(v) } }

// recordChildRow returns a function that records rows with the id of a parent.
func recordChildRow[V any](a *rowRecorder) func(int64, V) { return func(k int64, v V) { a.row(k, v) } }

// soundRead is a read with its arguments. The order of its rows is not compared if unordered is
// set.
type soundRead struct {
	name      string
	unordered bool
	query     func(*rowRecorder) store.Query
}

// since is before all written times.
var since = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// generator generates random arguments, of existing and of missing rows.
type generator struct{ *rand.Rand }

func (g generator) id(n int64) int64 { return 1 + g.Int64N(n) }

func (g generator) ids(n int64) []int64 {
	list := make([]int64, 1+g.IntN(3))
	for i := range list {
		list[i] = g.id(n)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// pick returns one of some values.
func pick[T any](g generator, values ...T) T { return values[g.IntN(len(values))] }

func (g generator) page() edu.PageArgs {
	return edu.PageArgs{Limit: 1 + g.IntN(5), Backward: g.IntN(4) == 0, Columns: edu.AllColumns, JoinedColumns: pick(g, edu.Columns(0), edu.UserName|edu.UserAvatar)}
}

func (g generator) order() edu.CourseOrder {
	return edu.CourseOrder{
		Field:     pick(g, edu.CoursesByPublishedAt, edu.CoursesByTitle, edu.CoursesByPrice, edu.CoursesByRating, edu.CoursesByEnrollments),
		Direction: pick(g, edu.Ascending, edu.Descending),
	}
}

func (g generator) conditions() (c edu.CourseConditions) {
	switch g.IntN(11) {
	case 0:
		c.CategoryIDs = g.ids(4)
	case 1:
		c.InstructorIDs = g.ids(4)
	case 2:
		c.Difficulties = []edu.Difficulty{pick(g, edu.DifficultyBeginner, edu.DifficultyAdvanced)}
	case 3:
		c.Price = pick(g, edu.PriceFree, edu.PricePaid)
	case 4:
		c.MinRating = ptr(float64(g.id(5)))
	case 5:
		c.MaxDurationSeconds = ptr(g.IntN(300))
	case 6:
		c.Tags = []string{pick(g, "red", "green")}
	case 7:
		c.Languages = []string{pick(g, "en", "en-GB", "de")}
	case 8:
		c.MinPrice = ptr(pick[edu.Decimal](g, "1", "2"))
	case 9:
		c.MinDurationSeconds = ptr(g.IntN(300))
	}
	return c
}

func (g generator) search() edu.SearchArgs {
	s := edu.SearchArgs{
		Query: pick(g, "", "apple", "pear", "plum", "pea", "u7", "apple pear", "plum orange"), Filter: g.conditions(),
	}
	if order := g.order(); s.Query == "" || g.IntN(4) > 0 {
		s.Order = &order
	}
	s.Page = g.withCursors(edu.SearchOrder(s.Order), g.page())
	return s
}

// read generates a read of the store.
func (g generator) read() soundRead {
	reads := g.pageReads()
	if g.IntN(4) > 0 {
		reads = slices.Concat(g.courseReads(), g.otherReads(), g.learningReads())
	}
	return reads[g.IntN(len(reads))]
}

func (g generator) courseReads() []soundRead {
	ids, page, where, user := g.ids(10), g.page(), g.conditions(), g.id(8)
	taught, search := edu.TaughtCourses{Drafts: g.IntN(2) == 0, Status: pick(g, "", edu.CourseDraft, edu.CoursePublished, edu.CourseArchived), Order: g.order()}, g.search()
	slug, typed := pick(g, "c1", "c2", "c3", "x1", "x2", "x3"), pick(g, "ap", "pe", "pl")
	started := g.IntN(2) == 0
	facet := pick(g, edu.FacetLanguages, edu.FacetTags, edu.FacetInstructors, edu.FacetRatings, edu.FacetDurations)
	term := pick(g, typed, "u", "k", "new", "red", "gren", "greem", "u7")
	return []soundRead{
		{"CoursesByID", true, func(a *rowRecorder) store.Query {
			return store.CoursesByID(ids, edu.AllColumns, recordRow[*edu.Course](a))
		}},
		{"CourseBySlug", false, func(a *rowRecorder) store.Query {
			return store.CourseBySlug(slug, edu.AllColumns, recordRow[*edu.Course](a))
		}},
		{"CoursesByInstructor", false, func(a *rowRecorder) store.Query {
			return store.CoursesByInstructor([]int64{user}, taught, page, recordChildRow[*edu.Course](a))
		}},
		{"CountCoursesByInstructor", true, func(a *rowRecorder) store.Query {
			return store.CountCoursesByInstructor([]int64{user, user + 1}, taught, recordChildRow[int](a))
		}},
		{"RelatedCourses", false, func(a *rowRecorder) store.Query {
			return store.RelatedCourses(ids[:1], page.Limit, edu.CourseTitle, recordChildRow[*edu.Course](a))
		}},
		{"SearchGroups", true, func(a *rowRecorder) store.Query { return store.SearchGroups(search, recordRow[store.SearchGroup](a)) }},
		{"SearchFacet", true, func(a *rowRecorder) store.Query {
			return store.SearchFacet(search, facet, func(value string, n int) { a.row(value, n) })
		}},
		{"Corrections", false, func(a *rowRecorder) store.Query {
			return store.Corrections([]string{"aple", "pair", "plam", "orang"}, started, recordRow[store.Correction](a))
		}},
		{"Suggestions", false, func(a *rowRecorder) store.Query { return store.Suggestions(typed, page.Limit, recordRow[string](a)) }},
		{"SuggestedTerms", false, func(a *rowRecorder) store.Query {
			return store.SuggestedTerms(term, page.Limit, recordRow[store.SuggestedTerm](a))
		}},
		singleRead("CountCourses", func(n *int) store.Query { return store.CountCourses(where, n) }),
		singleRead("MatchesAnyCourse", func(b *bool) store.Query { return store.MatchesAnyCourse(search.Query, where, b) }),
	}
}

func (g generator) otherReads() []soundRead {
	ids, page, user, users := g.ids(10), g.page(), g.id(8), g.ids(8)
	list := store.EnrollmentList{
		Status: pick(g, "", edu.NotStarted, edu.InProgress, edu.Completed),
		Order:  pick(g, edu.NewestEnrollments, edu.LastOpenedEnrollments),
	}
	columns, named := pick(g, edu.AllColumns, edu.AllColumns&^edu.UserPrivateColumns), pick(g, "k0", "k1", "k2", "k3")
	return []soundRead{
		{"Categories", false, func(a *rowRecorder) store.Query { return store.Categories(recordRow[*edu.Category](a)) }},
		{"CategoriesByID", true, func(a *rowRecorder) store.Query { return store.CategoriesByID(ids, recordRow[*edu.Category](a)) }},
		{"CategoryBySlug", false, func(a *rowRecorder) store.Query { return store.CategoryBySlug(named, recordRow[*edu.Category](a)) }},
		{"TopCategories", false, func(a *rowRecorder) store.Query { return store.TopCategories(page.Limit, recordRow[*edu.Category](a)) }},
		{"UsersByID", true, func(a *rowRecorder) store.Query { return store.UsersByID(users, columns, recordRow[*edu.User](a)) }},
		{"VideosByID", true, func(a *rowRecorder) store.Query { return store.VideosByID(idsUpTo(60), recordRow[*edu.Video](a)) }},
		{"VideosByCourse", false, func(a *rowRecorder) store.Query {
			return store.VideosByCourse(ids, page, recordChildRow[*edu.Video](a))
		}},
		{"SectionsByID", true, func(a *rowRecorder) store.Query {
			return store.SectionsByID(idsUpTo(20), recordRow[*edu.Section](a))
		}},
		{"SectionsByCourse", false, func(a *rowRecorder) store.Query {
			return store.SectionsByCourse(ids, recordChildRow[*edu.Section](a))
		}},
		{"ProgressByVideo", true, func(a *rowRecorder) store.Query {
			return store.ProgressByVideo(user, idsUpTo(20), recordRow[*edu.VideoProgress](a))
		}},
		{"EnrollmentsByID", true, func(a *rowRecorder) store.Query {
			return store.EnrollmentsByID(idsUpTo(300), recordRow[*edu.Enrollment](a))
		}},
		{"EnrollmentsInCourses", true, func(a *rowRecorder) store.Query {
			return store.EnrollmentsInCourses(user, ids, recordRow[*edu.Enrollment](a))
		}},
		{"EnrollmentsByUser", false, func(a *rowRecorder) store.Query {
			return store.EnrollmentsByUser(users, list, page, recordChildRow[*edu.Enrollment](a))
		}},
		{"CountEnrollmentsByUser", true, func(a *rowRecorder) store.Query {
			return store.CountEnrollmentsByUser(users, list.Status, recordChildRow[int](a))
		}},
		{"EnrollmentsByCourse", false, func(a *rowRecorder) store.Query {
			return store.EnrollmentsByCourse(ids, page, recordChildRow[*edu.Enrollment](a))
		}},
		{"ContinuedEnrollments", false, func(a *rowRecorder) store.Query {
			return store.ContinuedEnrollments(user, page.Limit, recordRow[*edu.Enrollment](a))
		}},
		{"LearningStates", true, func(a *rowRecorder) store.Query {
			return store.LearningStates([]edu.UserCourse{{UserID: user, CourseID: ids[0]}, {UserID: users[0], CourseID: ids[len(ids)-1]}}, recordRow[*edu.LearningState](a))
		}},
		{"RecentEnrollments", false, func(a *rowRecorder) store.Query {
			return store.RecentEnrollments(user, since, page.Limit, recordRow[*edu.Enrollment](a))
		}},
		{"WatchTimeSeries", true, func(a *rowRecorder) store.Query {
			return store.WatchTimeSeries(user, edu.IntervalDay, since, recordRow[edu.TimePoint](a))
		}},
		{"InstructorEnrollments", true, func(a *rowRecorder) store.Query {
			return store.InstructorEnrollments(1+user%3, edu.IntervalDay, since, recordRow[edu.TimePoint](a))
		}},
		{"PlatformEnrollments", true, func(a *rowRecorder) store.Query {
			return store.PlatformEnrollments(edu.IntervalDay, since, recordRow[edu.TimePoint](a))
		}},
		// The other figures may be as old as the last refresh, also those of a course that is
		// younger.
		{"AnalyticsByCourse", true, func(a *rowRecorder) store.Query {
			return store.AnalyticsByCourse(ids, func(f *edu.CourseAnalytics) { a.row(f.CourseID, f.TotalEnrollments, f.TotalReviews, f.AverageRating) })
		}},
		singleRead("DashboardCounts", func(c *edu.DashboardCounts) store.Query { return store.DashboardCounts(user, c) }),
		singleRead("WatchTime", func(n *int) store.Query { return store.WatchTime(user, since, n) }),
		singleRead("InstructorTotals", func(t *edu.InstructorTotals) store.Query { return store.InstructorTotals(1+user%3, t) }),
		singleRead("PlatformTotals", store.PlatformTotals),
		singleRead("ActiveUsers", func(n *int) store.Query { return store.ActiveUsers(since, n) }),
	}
}

// learningReads are reads of reviews, wishlists and certificates.
func (g generator) learningReads() []soundRead {
	ids, page, user, users := g.ids(10), g.page(), g.id(8), g.ids(8)
	reviews := edu.ReviewList{Rating: g.IntN(6), Order: edu.ReviewOrder{Field: pick(g, edu.ReviewsByCreatedAt, edu.ReviewsByRating), Direction: pick(g, edu.Ascending, edu.Descending)}}
	rating := 1 + g.IntN(edu.MaxRating)
	return []soundRead{
		{"ReviewsByID", true, func(a *rowRecorder) store.Query { return store.ReviewsByID(idsUpTo(300), recordRow[*edu.Review](a)) }},
		{"ReviewsByCourse", false, func(a *rowRecorder) store.Query {
			return store.ReviewsByCourse(ids, reviews, page, func(r *edu.Review, u *edu.User) { a.row(r, u) })
		}},
		{"ReviewsByUser", true, func(a *rowRecorder) store.Query { return store.ReviewsByUser(user, ids, recordRow[*edu.Review](a)) }},
		{"CountReviewsByCourse", true, func(a *rowRecorder) store.Query {
			return store.CountReviewsByCourse(ids, rating, recordChildRow[int](a))
		}},
		{"UserBySlug", false, func(a *rowRecorder) store.Query {
			return store.UserBySlug(fmt.Sprint("u", rating), recordRow[int64](a))
		}},
		{"InstructorFigures", true, func(a *rowRecorder) store.Query {
			return store.InstructorFigures(users, recordRow[*edu.InstructorFigures](a))
		}},
		{"WishlistByUser", false, func(a *rowRecorder) store.Query {
			return store.WishlistByUser(users, page, recordChildRow[*edu.WishlistItem](a))
		}},
		{"CountWishlistByUser", true, func(a *rowRecorder) store.Query { return store.CountWishlistByUser(users, recordChildRow[int](a)) }},
		{"WishlistItems", true, func(a *rowRecorder) store.Query {
			return store.WishlistItems(user, ids, recordRow[*edu.WishlistItem](a))
		}},
		{"CertificateByCode", false, func(a *rowRecorder) store.Query {
			return store.CertificateByCode(fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", rating), recordRow[*edu.Certificate](a))
		}},
		{"CertificatesByID", true, func(a *rowRecorder) store.Query {
			return store.CertificatesByID(idsUpTo(100), recordRow[*edu.Certificate](a))
		}},
		{"CertificatesByUser", false, func(a *rowRecorder) store.Query {
			return store.CertificatesByUser(users, page, recordChildRow[*edu.Certificate](a))
		}},
		{"CountCertificatesByUser", true, func(a *rowRecorder) store.Query {
			return store.CountCertificatesByUser(users, recordChildRow[int](a))
		}},
		{"CertificatesInCourses", true, func(a *rowRecorder) store.Query {
			return store.CertificatesInCourses([]edu.UserCourse{{UserID: user, CourseID: ids[0]}, {UserID: users[0], CourseID: ids[len(ids)-1]}}, recordRow[*edu.Certificate](a))
		}},
	}
}

// singleRead is a read of one value.
func singleRead[V any](name string, query func(*V) store.Query) soundRead {
	return soundRead{name, false, func(a *rowRecorder) store.Query {
		v := new(V)
		a.row(v)
		return query(v)
	}}
}
