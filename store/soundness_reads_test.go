package store_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// answer keeps what a read gave, a value a row.
type answer []any

func (a *answer) row(values ...any) { *a = append(*a, values) }

// text tells answers apart.
func (a *answer) text(unordered bool) string {
	lines := make([]string, len(*a))
	for i, row := range *a {
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

func rowOf[V any](a *answer) func(V) { return func(v V) { a.row(v) } }

func rowUnder[V any](a *answer) func(int64, V) { return func(k int64, v V) { a.row(k, v) } }

// soundRead is a read with its arguments. Of some, the order of the rows is no part
// of the answer.
type soundRead struct {
	name      string
	unordered bool
	query     func(*answer) store.Query
}

// since is before all that is written.
var since = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// dealer deals random arguments, of rows that are there and that are not.
type dealer struct{ *rand.Rand }

func (d dealer) id(n int64) int64 { return 1 + d.Int64N(n) }

func (d dealer) ids(n int64) []int64 {
	list := make([]int64, 1+d.IntN(3))
	for i := range list {
		list[i] = d.id(n)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func pick[T any](d dealer, of ...T) T { return of[d.IntN(len(of))] }

func (d dealer) page() edu.PageArgs {
	return edu.PageArgs{Limit: 1 + d.IntN(5), Backward: d.IntN(4) == 0, Columns: edu.AllColumns, JoinedColumns: pick(d, edu.Columns(0), edu.UserName|edu.UserAvatar)}
}

func (d dealer) order() edu.CourseOrder {
	return edu.CourseOrder{
		Field:     pick(d, edu.CoursesByPublishedAt, edu.CoursesByTitle, edu.CoursesByPrice, edu.CoursesByRating, edu.CoursesByEnrollments),
		Direction: pick(d, edu.Ascending, edu.Descending),
	}
}

func (d dealer) conditions() (c edu.CourseConditions) {
	switch d.IntN(8) {
	case 0:
		c.CategoryID = d.id(4)
	case 1:
		c.InstructorID = d.id(4)
	case 2:
		c.Difficulty = pick(d, edu.DifficultyBeginner, edu.DifficultyAdvanced)
	case 3:
		c.Price = pick(d, edu.PriceFree, edu.PricePaid)
	case 4:
		c.MinRating = ptr(float64(d.id(5)))
	case 5:
		c.MaxDurationSeconds = ptr(d.IntN(300))
	case 6:
		c.Tags = []string{pick(d, "red", "green")}
	}
	return c
}

func (d dealer) search() edu.SearchArgs {
	s := edu.SearchArgs{
		Query: pick(d, "", "apple", "pear", "plum"), Filter: d.conditions(),
		Sort: pick(d, edu.SortRelevance, edu.SortRating, edu.SortEnrollments, edu.SortNewest),
	}
	if s.Query == "" && s.Sort == edu.SortRelevance {
		s.Sort = edu.SortNewest
	}
	s.Page = d.between(s.Sort.SortOrder(), d.page())
	return s
}

// read deals a read of the store.
func (d dealer) read() soundRead {
	reads := d.pageReads()
	if d.IntN(4) > 0 {
		reads = append(d.courseReads(), d.otherReads()...)
	}
	return reads[d.IntN(len(reads))]
}

func (d dealer) courseReads() []soundRead {
	ids, page, where, user := d.ids(10), d.page(), d.conditions(), d.id(8)
	drafts, search := d.IntN(2) == 0, d.search()
	slug, typed := pick(d, "c1", "c2", "c3", "x1", "x2", "x3"), pick(d, "ap", "pe", "pl")
	return []soundRead{
		{"CoursesByID", true, func(a *answer) store.Query { return store.CoursesByID(ids, edu.AllColumns, rowOf[*edu.Course](a)) }},
		{"CourseBySlug", false, func(a *answer) store.Query { return store.CourseBySlug(slug, edu.AllColumns, rowOf[*edu.Course](a)) }},
		{"CoursesByInstructor", false, func(a *answer) store.Query {
			return store.CoursesByInstructor([]int64{user}, drafts, page, rowUnder[*edu.Course](a))
		}},
		{"CountCoursesByInstructor", true, func(a *answer) store.Query {
			return store.CountCoursesByInstructor([]int64{user, user + 1}, drafts, rowUnder[int](a))
		}},
		{"RelatedCourses", false, func(a *answer) store.Query {
			return store.RelatedCourses(ids[:1], page.Limit, edu.CourseTitle, rowUnder[*edu.Course](a))
		}},
		{"SearchGroups", true, func(a *answer) store.Query { return store.SearchGroups(search, rowOf[store.SearchGroup](a)) }},
		{"Corrections", false, func(a *answer) store.Query {
			return store.Corrections([]string{"aple", "pair", "plam", "orang"}, rowOf[store.Correction](a))
		}},
		{"Suggestions", false, func(a *answer) store.Query { return store.Suggestions(typed, page.Limit, rowOf[string](a)) }},
		one("CountCourses", func(n *int) store.Query { return store.CountCourses(where, n) }),
		one("Finds", func(b *bool) store.Query { return store.MatchesAnyCourse(search.Query, where, b) }),
	}
}

func (d dealer) otherReads() []soundRead {
	ids, page, user, users := d.ids(10), d.page(), d.id(8), d.ids(8)
	list := store.EnrollmentList{
		Status: pick(d, "", edu.NotStarted, edu.InProgress, edu.Completed),
		Order:  pick(d, edu.NewestEnrollments, edu.LastOpenedEnrollments),
	}
	columns, named := pick(d, edu.AllColumns, edu.AllColumns&^edu.UserPrivateColumns), pick(d, "k0", "k1", "k2", "k3")
	return []soundRead{
		{"Categories", false, func(a *answer) store.Query { return store.Categories(rowOf[*edu.Category](a)) }},
		{"CategoriesByID", true, func(a *answer) store.Query { return store.CategoriesByID(ids, rowOf[*edu.Category](a)) }},
		{"CategoryBySlug", false, func(a *answer) store.Query { return store.CategoryBySlug(named, rowOf[*edu.Category](a)) }},
		{"TopCategories", false, func(a *answer) store.Query { return store.TopCategories(page.Limit, rowOf[*edu.Category](a)) }},
		{"UsersByID", true, func(a *answer) store.Query { return store.UsersByID(users, columns, rowOf[*edu.User](a)) }},
		{"VideosByID", true, func(a *answer) store.Query { return store.VideosByID(every(60), rowOf[*edu.Video](a)) }},
		{"VideosByCourse", false, func(a *answer) store.Query { return store.VideosByCourse(ids, page, rowUnder[*edu.Video](a)) }},
		{"ProgressByVideo", true, func(a *answer) store.Query {
			return store.ProgressByVideo(user, every(20), rowOf[*edu.VideoProgress](a))
		}},
		{"ReviewsByID", true, func(a *answer) store.Query { return store.ReviewsByID(every(300), rowOf[*edu.Review](a)) }},
		{"ReviewsByCourse", false, func(a *answer) store.Query {
			return store.ReviewsByCourse(ids, page, func(r *edu.Review, u *edu.User) { a.row(r, u) })
		}},
		{"EnrollmentsByID", true, func(a *answer) store.Query { return store.EnrollmentsByID(every(300), rowOf[*edu.Enrollment](a)) }},
		{"EnrollmentsOfUserIn", true, func(a *answer) store.Query {
			return store.EnrollmentsInCourses(user, ids, rowOf[*edu.Enrollment](a))
		}},
		{"EnrollmentsByUser", false, func(a *answer) store.Query {
			return store.EnrollmentsByUser(users, list, page, rowUnder[*edu.Enrollment](a))
		}},
		{"CountEnrollmentsByUser", true, func(a *answer) store.Query {
			return store.CountEnrollmentsByUser(users, list.Status, rowUnder[int](a))
		}},
		{"EnrollmentsByCourse", false, func(a *answer) store.Query {
			return store.EnrollmentsByCourse(ids, page, rowUnder[*edu.Enrollment](a))
		}},
		{"RecentEnrollments", false, func(a *answer) store.Query {
			return store.RecentEnrollments(user, since, page.Limit, rowOf[*edu.Enrollment](a))
		}},
		{"WatchTimeSeries", true, func(a *answer) store.Query {
			return store.WatchTimeSeries(user, edu.IntervalDay, since, rowOf[edu.TimePoint](a))
		}},
		{"InstructorEnrollments", true, func(a *answer) store.Query {
			return store.InstructorEnrollments(1+user%3, edu.IntervalDay, since, rowOf[edu.TimePoint](a))
		}},
		{"PlatformEnrollments", true, func(a *answer) store.Query {
			return store.PlatformEnrollments(edu.IntervalDay, since, rowOf[edu.TimePoint](a))
		}},
		// The other figures may be as old as the last refresh, also of a course that
		// is younger.
		{"AnalyticsByCourse", true, func(a *answer) store.Query {
			return store.AnalyticsByCourse(ids, func(f *edu.CourseAnalytics) { a.row(f.CourseID, f.TotalEnrollments, f.TotalReviews, f.AverageRating) })
		}},
		one("DashboardCounts", func(c *edu.DashboardCounts) store.Query { return store.DashboardCounts(user, c) }),
		one("WatchTime", func(n *int) store.Query { return store.WatchTime(user, since, n) }),
		one("InstructorTotals", func(t *edu.InstructorTotals) store.Query { return store.InstructorTotals(1+user%3, t) }),
		one("PlatformTotals", store.PlatformTotals),
		one("ActiveUsers", func(n *int) store.Query { return store.ActiveUsers(since, n) }),
	}
}

// one is a read of one value.
func one[V any](name string, query func(*V) store.Query) soundRead {
	return soundRead{name, false, func(a *answer) store.Query {
		v := new(V)
		a.row(v)
		return query(v)
	}}
}
