// Package loaders makes many reads into few: it batches what one operation needs
// of the database, and remembers it for the length of that operation and not
// longer.
//
// It must never know of GraphQL. Loaders are made for one operation and one
// viewer, and are never shared.
package loaders

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// Loaders are the loaders of one operation.
type Loaders struct {
	// Viewer is who asks, and when: windows of time end there.
	Viewer *edu.Observer

	User       *Loader[Detail, *edu.User]
	Category   *Loader[int64, *edu.Category]
	Course     *Loader[Detail, *edu.Course]
	Video      *Loader[int64, *edu.Video]
	Enrollment *Loader[int64, *edu.Enrollment]
	Review     *Loader[int64, *edu.Review]

	CoursesByCategory   *Loader[List[edu.CourseOrder], *edu.CourseConnection]
	CoursesByInstructor *Loader[List[Drafts], *edu.CourseConnection]
	VideosByCourse      *Loader[List[None], *edu.VideoConnection]
	ReviewsByCourse     *Loader[List[None], *edu.ReviewConnection]
	EnrollmentsByUser   *Loader[List[store.EnrollmentList], *edu.EnrollmentConnection]
	EnrollmentsByCourse *Loader[List[None], *edu.EnrollmentConnection]
	RelatedCourses      *Loader[Of[Top], []*edu.Course]
	Analytics           *Loader[int64, *edu.CourseAnalytics]

	// Keyed by course and by video: the viewer's own.
	ViewerEnrollment *Loader[int64, *edu.Enrollment]
	ViewerProgress   *Loader[int64, *edu.VideoProgress]

	// Keyed by user.
	DashboardCounts *Loader[int64, edu.DashboardCounts]
	WatchTime       *Loader[Of[int], int] // days
	WatchTimeSeries *Loader[Of[edu.Series], []*edu.TimePoint]
	RecentActivity  *Loader[Of[Recent], []*edu.Enrollment]
	Recommended     *Loader[Of[Top], []*edu.Course]

	// Keyed by instructor; those of Platform have the parent 0.
	InstructorTotals      *Loader[int64, edu.InstructorTotals]
	InstructorEnrollments *Loader[Of[edu.Series], []*edu.TimePoint]
	TopCourses            *Loader[Of[Top], []*edu.Course]
	PlatformTotals        *Loader[int64, edu.PlatformTotals]
	PlatformEnrollments   *Loader[Of[edu.Series], []*edu.TimePoint]
	ActiveUsers           *Loader[Of[int], int] // days
	TopCategories         *Loader[Of[int], []*edu.Category]

	// Store is where the operation reads and writes.
	Store *store.Store

	ctx     context.Context
	made    []interface{ forget() } // all of the loaders above
	windows atomic.Int64
}

// None is the argument of a list that takes none.
type None struct{}

// Drafts tells whether an instructor's list holds unpublished courses too.
type Drafts bool

// Top is how many courses of a plain list are wanted, and what of them.
type Top struct {
	First int
	Want  edu.Columns
}

// Recent is which enrollments were touched lately.
type Recent struct{ Days, First int }

// Windows returns how often a loader had to wait for keys, because nobody had
// planned their read.
func (l *Loaders) Windows() int64 { return l.windows.Load() }

// Send runs statements that belong to no loader, in one round trip.
func (l *Loaders) Send(queries ...store.Query) error { return l.Store.Run(l.ctx, queries...) }

type contextKey struct{}

// With returns a context that carries the loaders.
func With(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// For returns the loaders that With put there. Every operation has some: there
// being none is a fault of the server's assembly.
func For(ctx context.Context) *Loaders { return ctx.Value(contextKey{}).(*Loaders) }

// New makes the loaders of one operation. Reads run on ctx, the operation's.
func New(ctx context.Context, s *store.Store, v edu.Viewer, now time.Time) *Loaders {
	l := &Loaders{ctx: ctx, Store: s, Viewer: edu.Observe(v, now), made: make([]interface{ forget() }, 0, 32)}
	l.things()
	l.underParents()
	l.dashboards()
	return l
}

// Forget drops all that was read, and reads for v from here on: what follows a
// write in the same operation must see it. No read may be under way.
func (l *Loaders) Forget(v edu.Viewer) {
	l.Viewer = l.Viewer.Become(v)
	for _, loader := range l.made {
		loader.forget()
	}
}

func (l *Loaders) things() {
	l.User = newLoader(l, byDetail(store.UsersByID, func(u *edu.User) int64 { return u.ID }))
	l.Category = newLoader(l, byKey(store.CategoriesByID, func(k *edu.Category) int64 { return k.ID }))
	l.Course = newLoader(l, byDetail(store.CoursesByID, func(c *edu.Course) int64 { return c.ID }))
	l.Video = newLoader(l, byKey(store.VideosByID, func(v *edu.Video) int64 { return v.ID }))
	l.Enrollment = newLoader(l, byKey(store.EnrollmentsByID, func(e *edu.Enrollment) int64 { return e.ID }))
	l.Review = newLoader(l, byKey(store.ReviewsByID, func(r *edu.Review) int64 { return r.ID }))
	l.Analytics = newLoader(l, byKey(store.AnalyticsByCourse, func(a *edu.CourseAnalytics) int64 { return a.CourseID }))
	l.ViewerEnrollment = newLoader(l, byKey(func(courses []int64, into func(*edu.Enrollment)) store.Query {
		return store.EnrollmentsOfUserIn(l.Viewer.ID(), courses, into)
	}, func(e *edu.Enrollment) int64 { return e.CourseID }))
	l.ViewerProgress = newLoader(l, byKey(func(videos []int64, into func(*edu.VideoProgress)) store.Query {
		return store.ProgressByVideo(l.Viewer.ID(), videos, into)
	}, func(p *edu.VideoProgress) int64 { return p.VideoID }))
}

func (l *Loaders) underParents() {
	l.CoursesByCategory = newLoader(l, pages(store.CoursesByCategory, nil,
		func(o edu.CourseOrder) func(*edu.Course) edu.Cursor { return o.Cursor }))
	l.CoursesByInstructor = newLoader(l, pages(
		func(ids []int64, d Drafts, p edu.PageArgs, into func(int64, *edu.Course)) store.Query {
			return store.CoursesByInstructor(ids, bool(d), p, into)
		},
		func(ids []int64, d Drafts, into func(int64, int)) store.Query {
			return store.CountCoursesByInstructor(ids, bool(d), into)
		},
		func(Drafts) func(*edu.Course) edu.Cursor { return edu.NewestCourses.Cursor }))
	l.VideosByCourse = newLoader(l, pages(
		func(ids []int64, _ None, p edu.PageArgs, into func(int64, *edu.Video)) store.Query {
			return store.VideosByCourse(ids, p, into)
		}, nil,
		func(None) func(*edu.Video) edu.Cursor { return (*edu.Video).Cursor }))
	l.ReviewsByCourse = newLoader(l, pages(
		func(ids []int64, _ None, p edu.PageArgs, into func(int64, *edu.Review)) store.Query {
			return store.ReviewsByCourse(ids, p, func(r *edu.Review, author *edu.User) {
				if author != nil {
					l.User.Prime(Detail{author.ID, p.Joined}, author)
				}
				into(r.CourseID, r)
			})
		}, nil,
		func(None) func(*edu.Review) edu.Cursor { return (*edu.Review).Cursor }))
	l.EnrollmentsByUser = newLoader(l, pages(store.EnrollmentsByUser,
		func(ids []int64, of store.EnrollmentList, into func(int64, int)) store.Query {
			return store.CountEnrollmentsByUser(ids, of.Status, into)
		},
		func(of store.EnrollmentList) func(*edu.Enrollment) edu.Cursor { return of.Order.Cursor }))
	l.EnrollmentsByCourse = newLoader(l, pages(
		func(ids []int64, _ None, p edu.PageArgs, into func(int64, *edu.Enrollment)) store.Query {
			return store.EnrollmentsByCourse(ids, p, into)
		}, nil,
		func(None) func(*edu.Enrollment) edu.Cursor { return edu.NewestEnrollments.Cursor }))
	l.RelatedCourses = newLoader(l, lists(func(ids []int64, t Top, into func(int64, *edu.Course)) store.Query {
		return store.RelatedCourses(ids, t.First, t.Want, into)
	}))
}

func (l *Loaders) dashboards() {
	l.DashboardCounts = newLoader(l, each(store.DashboardCounts))
	l.WatchTime = newLoader(l, each(func(k Of[int], into *int) store.Query {
		return store.WatchTime(k.Parent, l.since(k.Args), into)
	}))
	l.WatchTimeSeries = newLoader(l, series(l, store.WatchTimeSeries))
	l.RecentActivity = newLoader(l, each(func(k Of[Recent], into *[]*edu.Enrollment) store.Query {
		return store.RecentEnrollments(k.Parent, l.since(k.Args.Days), k.Args.First, appendTo(into))
	}))
	l.Recommended = newLoader(l, each(func(k Of[Top], into *[]*edu.Course) store.Query {
		return store.RecommendedCourses(k.Parent, k.Args.First, k.Args.Want, appendTo(into))
	}))
	l.InstructorTotals = newLoader(l, each(store.InstructorTotals))
	l.InstructorEnrollments = newLoader(l, series(l, store.InstructorEnrollments))
	l.TopCourses = newLoader(l, each(func(k Of[Top], into *[]*edu.Course) store.Query {
		return store.TopCourses(k.Parent, k.Args.First, k.Args.Want, appendTo(into))
	}))
	l.PlatformTotals = newLoader(l, each(func(_ int64, into *edu.PlatformTotals) store.Query {
		return store.PlatformTotals(into)
	}))
	l.PlatformEnrollments = newLoader(l, series(l, func(_ int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) store.Query {
		return store.PlatformEnrollments(by, since, into)
	}))
	l.ActiveUsers = newLoader(l, each(func(k Of[int], into *int) store.Query {
		return store.ActiveUsers(l.since(k.Args), into)
	}))
	l.TopCategories = newLoader(l, each(func(k Of[int], into *[]*edu.Category) store.Query {
		return store.TopCategories(k.Args, appendTo(into))
	}))
}

// since is the start of a window of days that ends now.
func (l *Loaders) since(days int) time.Time {
	return l.Viewer.Now().Add(-time.Duration(days) * 24 * time.Hour)
}

func appendTo[V any](list *[]V) func(V) {
	*list = []V{}
	return func(v V) { *list = append(*list, v) }
}

// series plans the read of time series: points that the database has, put into
// those that the caller wants, zero where there is none.
func series(l *Loaders, query func(parent int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) store.Query) plan[Of[edu.Series], []*edu.TimePoint] {
	return each(func(k Of[edu.Series], into *[]*edu.TimePoint) store.Query {
		points := k.Args.Timeline(l.Viewer.Now())
		at := make(map[int64]*edu.TimePoint, len(points))
		for _, p := range points {
			at[p.At.Unix()] = p
		}
		*into = points
		return query(k.Parent, k.Args.Interval, points[0].At, func(p edu.TimePoint) {
			if point, ok := at[p.At.Unix()]; ok {
				point.Value = p.Value
			}
		})
	})
}
