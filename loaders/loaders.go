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
	Viewer *edu.TrackedViewer

	User       *Loader[EntityKey, *edu.User]
	Category   *Loader[int64, *edu.Category]
	Course     *Loader[EntityKey, *edu.Course]
	Video      *Loader[int64, *edu.Video]
	Enrollment *Loader[int64, *edu.Enrollment]
	Review     *Loader[int64, *edu.Review]

	CoursesByCategory   *Loader[ListKey[edu.CourseOrder], *edu.CourseConnection]
	CoursesByInstructor *Loader[ListKey[IncludeDrafts], *edu.CourseConnection]
	VideosByCourse      *Loader[ListKey[NoArgs], *edu.VideoConnection]
	ReviewsByCourse     *Loader[ListKey[NoArgs], *edu.ReviewConnection]
	EnrollmentsByUser   *Loader[ListKey[store.EnrollmentList], *edu.EnrollmentConnection]
	EnrollmentsByCourse *Loader[ListKey[NoArgs], *edu.EnrollmentConnection]
	RelatedCourses      *Loader[ParentKey[TopArgs], []*edu.Course]
	Analytics           *Loader[int64, *edu.CourseAnalytics]

	// Keyed by course and by video: the viewer's own.
	ViewerEnrollment *Loader[int64, *edu.Enrollment]
	ViewerProgress   *Loader[int64, *edu.VideoProgress]

	// Keyed by user.
	DashboardCounts    *Loader[int64, edu.DashboardCounts]
	WatchTime          *Loader[ParentKey[int], int] // days
	WatchTimeSeries    *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	RecentActivity     *Loader[ParentKey[RecentArgs], []*edu.Enrollment]
	RecommendedCourses *Loader[ParentKey[TopArgs], []*edu.Course]

	// Keyed by instructor; those of Platform have the parent 0.
	InstructorTotals      *Loader[int64, edu.InstructorTotals]
	InstructorEnrollments *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	TopCourses            *Loader[ParentKey[TopArgs], []*edu.Course]
	PlatformTotals        *Loader[int64, edu.PlatformTotals]
	PlatformEnrollments   *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	ActiveUsers           *Loader[ParentKey[int], int] // days
	TopCategories         *Loader[ParentKey[int], []*edu.Category]

	// Store is where the operation reads and writes.
	Store *store.Store

	ctx          context.Context
	registered   []interface{ clearCache() } // all of the loaders above
	timedBatches atomic.Int64
}

// NoArgs is the argument of a list that takes none.
type NoArgs struct{}

// IncludeDrafts tells whether an instructor's list holds unpublished courses too.
type IncludeDrafts bool

// TopArgs is how many courses of a plain list are wanted, and what of them.
type TopArgs struct {
	First   int
	Columns edu.Columns
}

// RecentArgs is which enrollments were touched lately.
type RecentArgs struct{ Days, First int }

// TimedBatches returns how often a loader had to wait for keys, because nobody had
// planned their read.
func (l *Loaders) TimedBatches() int64 { return l.timedBatches.Load() }

// RunQueries runs statements that belong to no loader, in one round trip.
func (l *Loaders) RunQueries(queries ...store.Query) error {
	return l.Store.RunQueries(l.ctx, queries...)
}

type contextKey struct{}

// NewContext returns a context that carries the loaders.
func NewContext(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// FromContext returns the loaders that With put there. Every operation has some: there
// being none is a fault of the server's assembly.
func FromContext(ctx context.Context) *Loaders { return ctx.Value(contextKey{}).(*Loaders) }

// New makes the loaders of one operation. Reads run on ctx, the operation's.
func New(ctx context.Context, s *store.Store, v edu.Viewer, now time.Time) *Loaders {
	l := &Loaders{ctx: ctx, Store: s, Viewer: edu.TrackViewer(v, now), registered: make([]interface{ clearCache() }, 0, 32)}
	l.initEntityLoaders()
	l.initListLoaders()
	l.initDashboardLoaders()
	return l
}

// ResetForViewer drops all that was read, and reads for v from here on: what follows a
// write in the same operation must see it. No read may be under way.
func (l *Loaders) ResetForViewer(v edu.Viewer) {
	l.Viewer = l.Viewer.SwitchViewer(v)
	for _, loader := range l.registered {
		loader.clearCache()
	}
}

func (l *Loaders) initEntityLoaders() {
	l.User = newLoader(l, planByColumns(store.UsersByID, func(u *edu.User) int64 { return u.ID }))
	l.Category = newLoader(l, planByID(store.CategoriesByID, func(k *edu.Category) int64 { return k.ID }))
	l.Course = newLoader(l, planByColumns(store.CoursesByID, func(c *edu.Course) int64 { return c.ID }))
	l.Video = newLoader(l, planByID(store.VideosByID, func(v *edu.Video) int64 { return v.ID }))
	l.Enrollment = newLoader(l, planByID(store.EnrollmentsByID, func(e *edu.Enrollment) int64 { return e.ID }))
	l.Review = newLoader(l, planByID(store.ReviewsByID, func(r *edu.Review) int64 { return r.ID }))
	l.Analytics = newLoader(l, planByID(store.AnalyticsByCourse, func(a *edu.CourseAnalytics) int64 { return a.CourseID }))
	l.ViewerEnrollment = newLoader(l, planByID(func(courses []int64, into func(*edu.Enrollment)) store.Query {
		return store.EnrollmentsInCourses(l.Viewer.UserID(), courses, into)
	}, func(e *edu.Enrollment) int64 { return e.CourseID }))
	l.ViewerProgress = newLoader(l, planByID(func(videos []int64, into func(*edu.VideoProgress)) store.Query {
		return store.ProgressByVideo(l.Viewer.UserID(), videos, into)
	}, func(p *edu.VideoProgress) int64 { return p.VideoID }))
}

func (l *Loaders) initListLoaders() {
	l.CoursesByCategory = newLoader(l, planPages(store.CoursesByCategory, nil,
		func(o edu.CourseOrder) func(*edu.Course) edu.Cursor { return o.CourseCursor }))
	l.CoursesByInstructor = newLoader(l, planPages(
		func(ids []int64, d IncludeDrafts, p edu.PageArgs, into func(int64, *edu.Course)) store.Query {
			return store.CoursesByInstructor(ids, bool(d), p, into)
		},
		func(ids []int64, d IncludeDrafts, into func(int64, int)) store.Query {
			return store.CountCoursesByInstructor(ids, bool(d), into)
		},
		func(IncludeDrafts) func(*edu.Course) edu.Cursor { return edu.NewestCourses.CourseCursor }))
	l.VideosByCourse = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Video)) store.Query {
			return store.VideosByCourse(ids, p, into)
		}, nil,
		func(NoArgs) func(*edu.Video) edu.Cursor { return (*edu.Video).PageCursor }))
	l.ReviewsByCourse = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Review)) store.Query {
			return store.ReviewsByCourse(ids, p, func(r *edu.Review, author *edu.User) {
				if author != nil {
					l.User.Prime(EntityKey{author.ID, p.JoinedColumns}, author)
				}
				into(r.CourseID, r)
			})
		}, nil,
		func(NoArgs) func(*edu.Review) edu.Cursor { return (*edu.Review).PageCursor }))
	l.EnrollmentsByUser = newLoader(l, planPages(store.EnrollmentsByUser,
		func(ids []int64, of store.EnrollmentList, into func(int64, int)) store.Query {
			return store.CountEnrollmentsByUser(ids, of.Status, into)
		},
		func(of store.EnrollmentList) func(*edu.Enrollment) edu.Cursor { return of.Order.EnrollmentCursor }))
	l.EnrollmentsByCourse = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Enrollment)) store.Query {
			return store.EnrollmentsByCourse(ids, p, into)
		}, nil,
		func(NoArgs) func(*edu.Enrollment) edu.Cursor { return edu.NewestEnrollments.EnrollmentCursor }))
	l.RelatedCourses = newLoader(l, planLists(func(ids []int64, t TopArgs, into func(int64, *edu.Course)) store.Query {
		return store.RelatedCourses(ids, t.First, t.Columns, into)
	}))
}

func (l *Loaders) initDashboardLoaders() {
	l.DashboardCounts = newLoader(l, planPerKey(store.DashboardCounts))
	l.WatchTime = newLoader(l, planPerKey(func(k ParentKey[int], into *int) store.Query {
		return store.WatchTime(k.Parent, l.windowStart(k.Args), into)
	}))
	l.WatchTimeSeries = newLoader(l, planTimeSeries(l, store.WatchTimeSeries))
	l.RecentActivity = newLoader(l, planPerKey(func(k ParentKey[RecentArgs], into *[]*edu.Enrollment) store.Query {
		return store.RecentEnrollments(k.Parent, l.windowStart(k.Args.Days), k.Args.First, appendTo(into))
	}))
	l.RecommendedCourses = newLoader(l, planPerKey(func(k ParentKey[TopArgs], into *[]*edu.Course) store.Query {
		return store.RecommendedCourses(k.Parent, k.Args.First, k.Args.Columns, appendTo(into))
	}))
	l.InstructorTotals = newLoader(l, planPerKey(store.InstructorTotals))
	l.InstructorEnrollments = newLoader(l, planTimeSeries(l, store.InstructorEnrollments))
	l.TopCourses = newLoader(l, planPerKey(func(k ParentKey[TopArgs], into *[]*edu.Course) store.Query {
		return store.TopCourses(k.Parent, k.Args.First, k.Args.Columns, appendTo(into))
	}))
	l.PlatformTotals = newLoader(l, planPerKey(func(_ int64, into *edu.PlatformTotals) store.Query {
		return store.PlatformTotals(into)
	}))
	l.PlatformEnrollments = newLoader(l, planTimeSeries(l, func(_ int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) store.Query {
		return store.PlatformEnrollments(by, since, into)
	}))
	l.ActiveUsers = newLoader(l, planPerKey(func(k ParentKey[int], into *int) store.Query {
		return store.ActiveUsers(l.windowStart(k.Args), into)
	}))
	l.TopCategories = newLoader(l, planPerKey(func(k ParentKey[int], into *[]*edu.Category) store.Query {
		return store.TopCategories(k.Args, appendTo(into))
	}))
}

// windowStart is the start of a window of days that ends now.
func (l *Loaders) windowStart(days int) time.Time {
	return l.Viewer.Now().Add(-time.Duration(days) * 24 * time.Hour)
}

func appendTo[V any](list *[]V) func(V) {
	*list = []V{}
	return func(v V) { *list = append(*list, v) }
}

// planTimeSeries plans the read of time series: points that the database has, put into
// those that the caller wants, zero where there is none.
func planTimeSeries(l *Loaders, query func(parent int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) store.Query) plan[ParentKey[edu.TimeSeries], []*edu.TimePoint] {
	return planPerKey(func(k ParentKey[edu.TimeSeries], into *[]*edu.TimePoint) store.Query {
		points := k.Args.ZeroPoints(l.Viewer.Now())
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
