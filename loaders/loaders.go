// Package loaders batches the database reads of one operation and caches their results for the
// duration of that operation.
//
// Loaders are made for one operation and one viewer, and are never shared.
package loaders

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// Loaders holds the loaders of one operation.
type Loaders struct {
	// Viewer is the viewer and the time of the operation. Time windows end at that time.
	Viewer *edu.TrackedViewer

	User        *Loader[EntityKey, *edu.User]
	Category    *Loader[int64, *edu.Category]
	Course      *Loader[EntityKey, *edu.Course]
	Section     *Loader[int64, *edu.Section]
	Video       *Loader[int64, *edu.Video]
	Enrollment  *Loader[int64, *edu.Enrollment]
	Review      *Loader[int64, *edu.Review]
	Certificate *Loader[int64, *edu.Certificate]

	CoursesByCategory   *Loader[ListKey[edu.CourseOrder], *edu.CourseConnection]
	CoursesByInstructor *Loader[ListKey[edu.TaughtCourses], *edu.CourseConnection]
	SectionsByCourse    *Loader[ParentKey[NoArgs], []*edu.Section]
	VideosByCourse      *Loader[ListKey[NoArgs], *edu.VideoConnection]
	ReviewsByCourse     *Loader[ListKey[edu.ReviewList], *edu.ReviewConnection]
	EnrollmentsByUser   *Loader[ListKey[store.EnrollmentList], *edu.EnrollmentConnection]
	EnrollmentsByCourse *Loader[ListKey[NoArgs], *edu.EnrollmentConnection]
	WishlistByUser      *Loader[ListKey[NoArgs], *edu.WishlistConnection]
	CertificatesByUser  *Loader[ListKey[NoArgs], *edu.CertificateConnection]
	RelatedCourses      *Loader[ParentKey[TopArgs], []*edu.Course]
	Analytics           *Loader[int64, *edu.CourseAnalytics]

	LearningState     *Loader[edu.UserCourse, *edu.LearningState]
	CourseCertificate *Loader[edu.UserCourse, *edu.Certificate]

	// The enrollment, the review and the item of the wishlist by course, and the progress by video, of the
	// viewer.
	ViewerEnrollment   *Loader[int64, *edu.Enrollment]
	ViewerReview       *Loader[int64, *edu.Review]
	ViewerWishlistItem *Loader[int64, *edu.WishlistItem]
	ViewerProgress     *Loader[int64, *edu.VideoProgress]

	// By user.
	ContinuedEnrollments *Loader[ParentKey[int], []*edu.Enrollment] // first
	Sessions             *Loader[ParentKey[int], []*edu.Session]    // first
	DashboardCounts      *Loader[int64, edu.DashboardCounts]
	WatchTime            *Loader[ParentKey[int], int] // days
	WatchTimeSeries      *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	RecentActivity       *Loader[ParentKey[RecentArgs], []*edu.Enrollment]
	RecommendedCourses   *Loader[ParentKey[TopArgs], []*edu.Course]

	// By instructor. The figures of the platform have the parent 0.
	InstructorFigures     *Loader[int64, *edu.InstructorFigures]
	InstructorTotals      *Loader[int64, edu.InstructorTotals]
	InstructorEnrollments *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	TopCourses            *Loader[ParentKey[TopArgs], []*edu.Course]
	PlatformTotals        *Loader[int64, edu.PlatformTotals]
	PlatformEnrollments   *Loader[ParentKey[edu.TimeSeries], []*edu.TimePoint]
	ActiveUsers           *Loader[ParentKey[int], int] // days
	TopCategories         *Loader[ParentKey[int], []*edu.Category]

	// Store is the store that the operation reads from and writes to.
	Store *store.Store

	ctx          context.Context
	registered   []cache // all loaders above
	timedBatches atomic.Int64
}

// cache is the part of a Loader that does not depend on its types.
type cache interface{ clearCache() }

// NoArgs are the arguments of a list that has none.
type NoArgs struct{}

// TopArgs selects the number of courses of a plain list, and their columns.
type TopArgs struct {
	First   int
	Columns edu.Columns
}

// RecentArgs selects the enrollments that were touched in the last days.
type RecentArgs struct{ Days, First int }

// TimedBatches returns the number of batches that waited for keys, because those keys were not
// prefetched.
func (l *Loaders) TimedBatches() int64 { return l.timedBatches.Load() }

// RunQueries runs queries that belong to no loader, in one round trip.
func (l *Loaders) RunQueries(queries ...store.Query) error {
	return l.Store.RunQueries(l.ctx, queries...)
}

type contextKey struct{}

// NewContext returns a context that carries the loaders.
func NewContext(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// FromContext returns the loaders of the context. It panics if there are none: every operation has
// loaders.
func FromContext(ctx context.Context) *Loaders { return ctx.Value(contextKey{}).(*Loaders) }

// New returns the loaders of one operation. Reads run on ctx, the context of the operation.
func New(ctx context.Context, s *store.Store, v edu.Viewer, now time.Time) *Loaders {
	l := &Loaders{ctx: ctx, Store: s, Viewer: edu.TrackViewer(v, now), registered: make([]cache, 0, 40)}
	l.initEntityLoaders()
	l.initListLoaders()
	l.initDashboardLoaders()
	return l
}

// ResetForViewer drops all cached values and switches to the viewer v, because the rest of an
// operation must see the writes before it. No read may be in progress.
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
	l.Section = newLoader(l, planByID(store.SectionsByID, func(s *edu.Section) int64 { return s.ID }))
	l.Video = newLoader(l, planByID(store.VideosByID, func(v *edu.Video) int64 { return v.ID }))
	l.Enrollment = newLoader(l, planByID(store.EnrollmentsByID, func(e *edu.Enrollment) int64 { return e.ID }))
	l.Review = newLoader(l, planByID(store.ReviewsByID, func(r *edu.Review) int64 { return r.ID }))
	l.Analytics = newLoader(l, planByID(store.AnalyticsByCourse, func(a *edu.CourseAnalytics) int64 { return a.CourseID }))
	l.Certificate = newLoader(l, planByID(store.CertificatesByID, func(c *edu.Certificate) int64 { return c.ID }))
	l.LearningState = newLoader(l, planByID(store.LearningStates, func(s *edu.LearningState) edu.UserCourse { return s.UserCourse }))
	l.CourseCertificate = newLoader(l, planByID(store.CertificatesInCourses, func(c *edu.Certificate) edu.UserCourse {
		return edu.UserCourse{UserID: c.UserID, CourseID: c.CourseID}
	}))
	l.ViewerEnrollment = newLoader(l, planByID(func(courses []int64, into func(*edu.Enrollment)) store.Query {
		return store.EnrollmentsInCourses(l.Viewer.UserID(), courses, into)
	}, func(e *edu.Enrollment) int64 { return e.CourseID }))
	l.ViewerReview = newLoader(l, planByID(func(courses []int64, into func(*edu.Review)) store.Query {
		return store.ReviewsByUser(l.Viewer.UserID(), courses, into)
	}, func(r *edu.Review) int64 { return r.CourseID }))
	l.ViewerWishlistItem = newLoader(l, planByID(func(courses []int64, into func(*edu.WishlistItem)) store.Query {
		return store.WishlistItems(l.Viewer.UserID(), courses, into)
	}, func(w *edu.WishlistItem) int64 { return w.CourseID }))
	l.ViewerProgress = newLoader(l, planByID(func(videos []int64, into func(*edu.VideoProgress)) store.Query {
		return store.ProgressByVideo(l.Viewer.UserID(), videos, into)
	}, func(p *edu.VideoProgress) int64 { return p.VideoID }))
}

func (l *Loaders) initListLoaders() {
	l.CoursesByCategory = newLoader(l, planPages(store.CoursesByCategory, nil,
		func(o edu.CourseOrder) func(*edu.Course) edu.Cursor { return o.CourseCursor }))
	l.CoursesByInstructor = newLoader(l, planPages(store.CoursesByInstructor, store.CountCoursesByInstructor,
		func(list edu.TaughtCourses) func(*edu.Course) edu.Cursor { return list.Order.CourseCursor }))
	l.SectionsByCourse = newLoader(l, planLists(func(ids []int64, _ NoArgs, into func(int64, *edu.Section)) store.Query {
		return store.SectionsByCourse(ids, into)
	}))
	l.VideosByCourse = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Video)) store.Query {
			return store.VideosByCourse(ids, p, into)
		}, nil,
		func(NoArgs) func(*edu.Video) edu.Cursor { return (*edu.Video).PageCursor }))
	l.ReviewsByCourse = newLoader(l, planPages(
		func(ids []int64, list edu.ReviewList, p edu.PageArgs, into func(int64, *edu.Review)) store.Query {
			return store.ReviewsByCourse(ids, list, p, func(r *edu.Review, author *edu.User) {
				if author != nil {
					l.User.Prime(EntityKey{author.ID, p.JoinedColumns}, author)
				}
				into(r.CourseID, r)
			})
		},
		func(ids []int64, list edu.ReviewList, into func(int64, int)) store.Query {
			return store.CountReviewsByCourse(ids, list.Rating, into)
		},
		func(list edu.ReviewList) func(*edu.Review) edu.Cursor { return list.Order.ReviewCursor }))
	l.EnrollmentsByUser = newLoader(l, planPages(store.EnrollmentsByUser,
		func(ids []int64, list store.EnrollmentList, into func(int64, int)) store.Query {
			return store.CountEnrollmentsByUser(ids, list.Status, into)
		},
		func(list store.EnrollmentList) func(*edu.Enrollment) edu.Cursor { return list.Order.EnrollmentCursor }))
	l.EnrollmentsByCourse = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Enrollment)) store.Query {
			return store.EnrollmentsByCourse(ids, p, into)
		}, nil,
		func(NoArgs) func(*edu.Enrollment) edu.Cursor { return edu.NewestEnrollments.EnrollmentCursor }))
	l.WishlistByUser = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.WishlistItem)) store.Query {
			return store.WishlistByUser(ids, p, into)
		},
		func(ids []int64, _ NoArgs, into func(int64, int)) store.Query {
			return store.CountWishlistByUser(ids, into)
		},
		func(NoArgs) func(*edu.WishlistItem) edu.Cursor { return (*edu.WishlistItem).PageCursor }))
	l.CertificatesByUser = newLoader(l, planPages(
		func(ids []int64, _ NoArgs, p edu.PageArgs, into func(int64, *edu.Certificate)) store.Query {
			return store.CertificatesByUser(ids, p, into)
		},
		func(ids []int64, _ NoArgs, into func(int64, int)) store.Query {
			return store.CountCertificatesByUser(ids, into)
		},
		func(NoArgs) func(*edu.Certificate) edu.Cursor { return (*edu.Certificate).PageCursor }))
	l.RelatedCourses = newLoader(l, planLists(func(ids []int64, args TopArgs, into func(int64, *edu.Course)) store.Query {
		return store.RelatedCourses(ids, args.First, args.Columns, into)
	}))
}

func (l *Loaders) initDashboardLoaders() {
	l.ContinuedEnrollments = newLoader(l, planPerKey(func(k ParentKey[int], into *[]*edu.Enrollment) store.Query {
		return store.ContinuedEnrollments(k.Parent, k.Args, appendTo(into))
	}))
	l.Sessions = newLoader(l, planPerKey(func(k ParentKey[int], into *[]*edu.Session) store.Query {
		add := appendTo(into)
		return store.SessionsByUser(k.Parent, k.Args, func(s *edu.Session) {
			s.IsCurrent = s.ID == l.Viewer.Viewer().Session
			add(s)
		})
	}))
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
	l.InstructorFigures = newLoader(l, planByID(store.InstructorFigures, func(f *edu.InstructorFigures) int64 { return f.InstructorID }))
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

// windowStart returns the start of a window of days that ends now.
func (l *Loaders) windowStart(days int) time.Time {
	return l.Viewer.Now().Add(-time.Duration(days) * 24 * time.Hour)
}
