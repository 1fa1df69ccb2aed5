package resolvers

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql/incremental"
)

// PrefetchDeferred prefetches the deferred selections of one part of a response: all edges of the same depth in one round
// trip. Like every prefetch it never changes a response.
func PrefetchDeferred(ctx context.Context, groups []incremental.Group) error {
	pf := newPrefetcher(ctx)
	for _, g := range groups {
		pf.walkDeferred(g.Objects, g.Fragment.Selections)
	}
	return pf.sendBatches()
}

// walkDeferred prefetches a selection on objects of one type. It knows each type with edges, or with objects that have
// edges; the root has none.
func (pf *prefetcher) walkDeferred(objects []incremental.Object, sel ast.SelectionSet) {
	switch objects[0].Value.(type) {
	case *edu.User:
		pf.walkReadUsers(valuesOf[*edu.User](objects), sel)
	case *edu.Category:
		pf.walkCategories(valuesOf[*edu.Category](objects), sel)
	case *edu.Course:
		pf.walkCourses(valuesOf[*edu.Course](objects), sel)
	case *edu.Section:
		pf.walkSections(valuesOf[*edu.Section](objects), sel)
	case *edu.Video:
		pf.walkVideos(valuesOf[*edu.Video](objects), sel)
	case *edu.Review:
		pf.walkReviews(valuesOf[*edu.Review](objects), sel)
	case *edu.ReviewReply:
		pf.walkReplies(valuesOf[*edu.ReviewReply](objects), sel)
	case *edu.InstructorProfile:
		pf.walkInstructorProfiles(collectKeys(valuesOf[*edu.InstructorProfile](objects), func(p *edu.InstructorProfile) int64 { return p.UserID }), sel)
	case *edu.WishlistItem:
		pf.walkWishlistItems(valuesOf[*edu.WishlistItem](objects), sel)
	case *edu.Certificate:
		pf.walkCertificates(valuesOf[*edu.Certificate](objects), sel)
	case *edu.Enrollment:
		pf.walkEnrollments(valuesOf[*edu.Enrollment](objects), sel)
	case *edu.VideoProgress:
		pf.walkProgress(valuesOf[*edu.VideoProgress](objects), sel)
	case *edu.Dashboard:
		for _, d := range valuesOf[*edu.Dashboard](objects) {
			pf.walkDashboard(d.UserID, sel)
		}
	case *edu.InstructorDashboard:
		for _, d := range valuesOf[*edu.InstructorDashboard](objects) {
			pf.walkInstructorDashboard(d.InstructorID, sel)
		}
	case *edu.PlatformDashboard:
		pf.walkPlatformDashboard(sel)
	default:
		pf.walkDeferredLists(objects, sel)
	}
}

// walkDeferredLists prefetches a selection on connections, edges, suggestions, the facets of a search, or payloads.
func (pf *prefetcher) walkDeferredLists(objects []incremental.Object, sel ast.SelectionSet) {
	switch objects[0].Value.(type) {
	case *edu.Page[*edu.Course]:
		walkPages(pf, collectConnection(pf.op, sel, "Course"), (*prefetcher).walkCourses)(valuesOf[*edu.Page[*edu.Course]](objects))
	case *edu.Page[*edu.Video]:
		walkPages(pf, collectConnection(pf.op, sel, "Video"), (*prefetcher).walkVideos)(valuesOf[*edu.Page[*edu.Video]](objects))
	case *edu.Page[*edu.Review]:
		walkPages(pf, collectConnection(pf.op, sel, "Review"), (*prefetcher).walkReviews)(valuesOf[*edu.Page[*edu.Review]](objects))
	case *edu.Page[*edu.Enrollment]:
		walkPages(pf, collectConnection(pf.op, sel, "Enrollment"), (*prefetcher).walkEnrollments)(valuesOf[*edu.Page[*edu.Enrollment]](objects))
	case *edu.Page[*edu.WishlistItem]:
		walkPages(pf, collectConnection(pf.op, sel, "Wishlist"), (*prefetcher).walkWishlistItems)(valuesOf[*edu.Page[*edu.WishlistItem]](objects))
	case *edu.Page[*edu.Certificate]:
		walkPages(pf, collectConnection(pf.op, sel, "Certificate"), (*prefetcher).walkCertificates)(valuesOf[*edu.Page[*edu.Certificate]](objects))
	case *edu.SearchResult:
		for _, r := range valuesOf[*edu.SearchResult](objects) {
			pf.walkSearchResult(r, sel)
		}
	case *edu.Edge[*edu.Course]:
		walkEdges(pf, objects, sel, "CourseEdge", (*prefetcher).walkCourses)
	case *edu.Edge[*edu.Video]:
		walkEdges(pf, objects, sel, "VideoEdge", (*prefetcher).walkVideos)
	case *edu.Edge[*edu.Review]:
		walkEdges(pf, objects, sel, "ReviewEdge", (*prefetcher).walkReviews)
	case *edu.Edge[*edu.Enrollment]:
		walkEdges(pf, objects, sel, "EnrollmentEdge", (*prefetcher).walkEnrollments)
	case *edu.Edge[*edu.WishlistItem]:
		walkEdges(pf, objects, sel, "WishlistEdge", (*prefetcher).walkWishlistItems)
	case *edu.Edge[*edu.Certificate]:
		walkEdges(pf, objects, sel, "CertificateEdge", (*prefetcher).walkCertificates)
	case *edu.CourseHit:
		courses := collectKeys(valuesOf[*edu.CourseHit](objects), func(h *edu.CourseHit) *edu.Course { return h.Node })
		walkField(pf, courses, sel, "CourseSearchEdge.node", (*prefetcher).walkCourses)
	case *edu.Suggestion:
		pf.walkSuggestions(valuesOf[*edu.Suggestion](objects), sel)
	case *edu.SearchFacets:
		for _, f := range valuesOf[*edu.SearchFacets](objects) {
			pf.walkFacets(f, []ast.SelectionSet{sel})
		}
	case *edu.CategoryFacet:
		categories := collectKeys(valuesOf[*edu.CategoryFacet](objects), func(f *edu.CategoryFacet) *edu.Category { return f.Category })
		walkField(pf, categories, sel, "CategoryFacet.category", (*prefetcher).walkCategories)
	case *edu.InstructorFacet:
		ids := collectKeys(valuesOf[*edu.InstructorFacet](objects), func(f *edu.InstructorFacet) int64 { return f.Instructor.ID })
		for _, below := range selectionsOn(pf.op, []ast.SelectionSet{sel}, "InstructorFacet", "instructor") {
			pf.walkUserEdges(ids, below)
		}
	default:
		pf.walkDeferredPayload(objects[0].Value, sel)
	}
}

// walkDeferredPayload prefetches a selection on the payload of a mutation.
func (pf *prefetcher) walkDeferredPayload(payload any, sel ast.SelectionSet) {
	switch p := payload.(type) {
	case *graph.CoursePayload:
		walkField(pf, []*edu.Course{p.Course}, sel, "CoursePayload.course", (*prefetcher).walkCourses)
	case *graph.PublishCoursesPayload:
		walkField(pf, p.Courses, sel, "PublishCoursesPayload.courses", (*prefetcher).walkCourses)
	case *graph.WishlistPayload:
		walkField(pf, []*edu.Course{p.Course}, sel, "WishlistPayload.course", (*prefetcher).walkCourses)
	case *graph.UnenrollPayload:
		walkField(pf, []*edu.Course{p.Course}, sel, "UnenrollPayload.course", (*prefetcher).walkCourses)
	case *graph.EnrollPayload:
		walkField(pf, []*edu.Enrollment{p.Enrollment}, sel, "EnrollPayload.enrollment", (*prefetcher).walkEnrollments)
	case *graph.ReviewPayload:
		walkField(pf, []*edu.Review{p.Review}, sel, "ReviewPayload.review", (*prefetcher).walkReviews)
	case *graph.DeleteReviewPayload:
		walkField(pf, []*edu.Course{p.Course}, sel, "DeleteReviewPayload.course", (*prefetcher).walkCourses)
	case *graph.SectionPayload:
		walkField(pf, []*edu.Section{p.Section}, sel, "SectionPayload.section", (*prefetcher).walkSections)
	case *graph.AddVideoPayload:
		walkField(pf, []*edu.Video{p.Video}, sel, "AddVideoPayload.video", (*prefetcher).walkVideos)
	case *graph.UpdateVideoPayload:
		walkField(pf, []*edu.Video{p.Video}, sel, "UpdateVideoPayload.video", (*prefetcher).walkVideos)
	case *graph.RecordVideoProgressPayload:
		walkField(pf, p.Enrollments, sel, "RecordVideoProgressPayload.enrollments", (*prefetcher).walkEnrollments)
		walkField(pf, p.Videos, sel, "RecordVideoProgressPayload.videos", (*prefetcher).walkVideos)
	case *graph.UpdatePreferencesPayload:
		walkField(pf, []*edu.User{p.User}, sel, "UpdatePreferencesPayload.user", (*prefetcher).walkReadUsers)
	case *graph.UpdateInstructorProfilePayload:
		walkField(pf, []*edu.User{p.User}, sel, "UpdateInstructorProfilePayload.user", (*prefetcher).walkReadUsers)
	case *graph.UpdateProfilePayload:
		walkField(pf, []*edu.User{p.User}, sel, "UpdateProfilePayload.user", (*prefetcher).walkReadUsers)
	}
}

// walkReadUsers prefetches a selection on users that are read already.
func (pf *prefetcher) walkReadUsers(users []*edu.User, sel ast.SelectionSet) {
	pf.walkUserEdges(collectKeys(users, func(u *edu.User) int64 { return u.ID }), sel)
}

// walkSearchResult prefetches a selection on the result of a search.
func (pf *prefetcher) walkSearchResult(r *edu.SearchResult, sel ast.SelectionSet) {
	for _, nodes := range collectConnection(pf.op, sel, "CourseSearch").nodeSelections {
		pf.walkCourses(r.Nodes(), nodes)
	}
	pf.walkFacets(r.Facets, selectionsOn(pf.op, []ast.SelectionSet{sel}, "CourseSearchConnection", "facets"))
}

// walkEdges prefetches a selection on the edges of connections.
func walkEdges[T any](pf *prefetcher, objects []incremental.Object, sel ast.SelectionSet, typ string, walk func(*prefetcher, []*T, ast.SelectionSet)) {
	nodes := collectKeys(valuesOf[*edu.Edge[*T]](objects), func(e *edu.Edge[*T]) *T { return e.Node })
	walkField(pf, nodes, sel, typ+".node", walk)
}

// walkField prefetches the selection of one field, such as "CourseEdge.node", which has these values on all objects of
// its type.
func walkField[T any](pf *prefetcher, values []*T, sel ast.SelectionSet, field string, walk func(*prefetcher, []*T, ast.SelectionSet)) {
	values = removeNils(values)
	typ, name, _ := strings.Cut(field, ".")
	for _, below := range selectionsOn(pf.op, []ast.SelectionSet{sel}, typ, name) {
		walk(pf, values, below)
	}
}

// selectionsOn returns the selection sets of a field, under all its aliases, in selection sets on a type.
func selectionsOn(op *graphql.OperationContext, parents []ast.SelectionSet, typ, name string) []ast.SelectionSet {
	var selections []ast.SelectionSet
	for _, sel := range parents {
		for _, f := range collectFields(op, sel, []string{typ}) {
			if f.Name == name {
				selections = append(selections, f.Selections)
			}
		}
	}
	return selections
}

// valuesOf returns the objects, all of which are of the type T.
func valuesOf[T any](objects []incremental.Object) []T {
	return collectKeys(objects, func(o incremental.Object) T { return o.Value.(T) })
}
