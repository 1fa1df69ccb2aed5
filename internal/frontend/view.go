package frontend

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/7p-education/api/internal/frontend/session"
)

// view is what a page shows until its scripts have run: the top of the site, and the first courses of the catalogue or
// one course. The templates have the same markup as the app, so that nothing moves when the app replaces it.
type view struct {
	Viewer *session.Viewer
	// Of a list of courses.
	Heading, Intro string
	Sorts          []string
	Courses        []*course
	Total          int
	// Of the page of one.
	Course *course
}

// The fields of the documents CatalogPage and CoursePage that the first view shows.
type (
	course struct {
		Slug             string
		Title            string
		Description      string
		LearningOutcomes []string
		Difficulty       string
		DurationSeconds  int
		Language         string
		UpdatedAt        time.Time
		Rating           *float64
		ReviewCount      int
		EnrollmentCount  int
		Price            price
		Thumbnail        *picture
		Category         named
		Instructor       named
		Videos           struct {
			TotalCount int
			Nodes      []struct{ IsPreview bool }
		}
	}
	price struct {
		Amount       json.Number
		CurrencyCode string
	}
	picture struct {
		URL           string
		Width, Height int
		Sources       []pictureSource
	}
	pictureSource struct{ MimeType, Srcset string }
	named         struct{ ID, Name string }
)

// The routes that show courses in their first view.
const (
	catalogueRoute = "catalogue"
	searchRoute    = "search"
	courseRoute    = "course"
)

// sorts are the orders of a list. The search has its own before them.
var sorts = []string{"Newest", "Most popular", "Highest rated", "Price: low to high", "Price: high to low", "Title: A to Z"}

// newView returns the first view of a page, and the name of its template.
func (p *page) newView(data pageData) (*view, string) {
	v := &view{Viewer: data.Viewer}
	var result struct {
		Data struct {
			Course        *course
			SearchCourses struct {
				TotalCount int
				Edges      []struct{ Node *course }
			}
		}
	}
	if data.Result == nil || json.Unmarshal(data.Result, &result) != nil {
		return v, "shell.html"
	}
	v.Course, v.Total = result.Data.Course, result.Data.SearchCourses.TotalCount
	for _, e := range result.Data.SearchCourses.Edges {
		v.Courses = append(v.Courses, e.Node)
	}
	switch query, _ := data.Variables["query"].(string); {
	case p.route.Name == courseRoute && v.Course != nil:
		return v, "course.html"
	case len(v.Courses) == 0:
		return v, "shell.html"
	case p.route.Name == catalogueRoute:
		v.Heading, v.Intro, v.Sorts = "Find your next course", "Learn at your own pace from people who do this work every day.", sorts
	case p.route.Name == searchRoute:
		v.Heading, v.Sorts = "All courses", append([]string{"Best match"}, sorts...)
		if query != "" {
			v.Heading = "Results for “" + query + "”"
		}
	default:
		return v, "shell.html"
	}
	return v, "courses.html"
}

// firstCourses is how many cards the first view has, and eagerCourses how many of them are in the first row of a large
// screen.
const (
	firstCourses = 8
	eagerCourses = 4
)

// First returns the courses of the first view.
func (v *view) First() []*course { return v.Courses[:min(len(v.Courses), firstCourses)] }

// The widths of pictures in the layout, as the app states them.
const (
	cardSizes  = "(max-width: 640px) 100vw, (max-width: 1200px) 50vw, 33vw"
	coverSizes = "(max-width: 899px) 100vw, 420px"
)

// shownPicture is a picture in the layout. First is the largest one of a page.
type shownPicture struct {
	Image        *picture
	Sizes        string
	Eager, First bool
}

// CardPicture returns the picture of the card at an index.
func (c *course) CardPicture(index int) shownPicture {
	return shownPicture{c.Thumbnail, cardSizes, index < eagerCourses, index == 0}
}

// CoverPicture returns the picture of the course's page.
func (c *course) CoverPicture() shownPicture {
	return shownPicture{c.Thumbnail, coverSizes, true, true}
}

// HasPreview reports whether a video can be watched by everyone.
func (c *course) HasPreview() bool {
	for _, v := range c.Videos.Nodes {
		if v.IsPreview {
			return true
		}
	}
	return false
}

// RatingText returns the rating with one decimal.
func (c *course) RatingText() string { return strconv.FormatFloat(*c.Rating, 'f', 1, 64) }
