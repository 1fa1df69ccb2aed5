package frontend

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const siteName = "7P Education"

// head describes a page to browsers, search engines and previews of links.
type head struct {
	Title, Description string
	URL                string            // of the page, "" if it is not known
	Image              string            // of a preview
	Hidden             bool              // from search engines
	Preload            template.HTMLAttr // the attributes of the largest picture, "" for none
	StructuredData     template.JS
}

// titles are the titles of pages, by route.
var titles = map[string]string{
	catalogueRoute: "Courses", "search": "Search", "sign-in": "Sign in", "sign-up": "Create an account", "wishlist": "Wishlist",
	"dashboard": "My learning", "studio": "Studio", "admin": "Administration", "account": "Account",
	"learn": "Lesson", "certificate": "Certificate", "reset-password": "New password", "verify-email": "Email address",
	"studio-new": "New course", "studio-course": "Edit course", "studio-curriculum": "Curriculum", "studio-analytics": "Analytics", "studio-reviews": "Reviews",
	"admin-courses": "All courses", "admin-people": "People", "admin-user": "Account", "admin-vitals": "Vitals",
	notFoundRoute: "Page not found",
}

const siteDescription = "Online courses by people who do what they teach: watch at your own pace, and earn a certificate."

// newHead returns the head of a page for a request.
func (p *page) newHead(r *http.Request, v *view) head {
	d := head{Title: siteName, Description: siteDescription, Hidden: p.route.Private || p.route.Name == notFoundRoute}
	if title := titles[p.route.Name]; title != "" {
		d.Title = title + " · " + siteName
	}
	if p.PublicURL != "" && !d.Hidden {
		d.URL = p.PublicURL + (&url.URL{Path: r.URL.Path}).EscapedPath() // the same for each encoding of the path
	}
	switch {
	case v.Course != nil:
		c := v.Course
		d.Title, d.Description = c.Title+" · "+siteName, shorten(c.Description, 160)
		if c.Thumbnail != nil {
			d.Image, d.Preload = c.Thumbnail.URL, c.Thumbnail.newPreload(coverSizes)
		}
		d.StructuredData = structuredCourse(c, d.URL)
	case len(v.Courses) > 0 && v.Courses[0].Thumbnail != nil:
		d.Preload = v.Courses[0].Thumbnail.newPreload(cardSizes)
	}
	return d
}

// newPreload returns the attributes that load a picture in its best format, as the app requests it.
func (i *picture) newPreload(sizes string) template.HTMLAttr {
	if len(i.Sources) == 0 {
		return ""
	}
	source := i.Sources[0]
	//nolint:gosec // escaped
	return template.HTMLAttr(`type="` + html.EscapeString(source.MimeType) + `" imagesrcset="` + html.EscapeString(source.Srcset) + `" imagesizes="` + html.EscapeString(sizes) + `"`)
}

// shorten returns a text of at most n characters in one line, which ends at a word.
func shorten(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	short := string([]rune(text)[:n-1])
	if end := strings.LastIndexByte(short, ' '); end > 0 {
		short = short[:end]
	}
	return strings.TrimRight(short, " ,.;:–-") + "…"
}

// structuredCourse describes a course in the vocabulary of schema.org, for search engines.
func structuredCourse(c *course, url string) template.JS {
	thing := func(kind string, fields map[string]any) map[string]any {
		fields["@type"] = kind
		return fields
	}
	category := "Paid"
	if amount, _ := c.Price.Amount.Float64(); amount == 0 {
		category = "Free"
	}
	fields := map[string]any{
		"@context": "https://schema.org", "name": c.Title, "description": shorten(c.Description, 500),
		"provider":   thing("Organization", map[string]any{"name": siteName}),
		"instructor": thing("Person", map[string]any{"name": c.Instructor.Name}),
		"offers":     thing("Offer", map[string]any{"price": c.Price.Amount, "priceCurrency": c.Price.CurrencyCode, "category": category}),
		"hasCourseInstance": thing("CourseInstance", map[string]any{
			"courseMode": "Online", "courseWorkload": fmt.Sprintf("PT%dM", (c.DurationSeconds+30)/60),
		}),
	}
	if url != "" {
		fields["url"] = url
	}
	if c.Language != "" {
		fields["inLanguage"] = c.Language
	}
	if c.Thumbnail != nil {
		fields["image"] = c.Thumbnail.URL
	}
	if c.Rating != nil && c.ReviewCount > 0 {
		fields["aggregateRating"] = thing("AggregateRating", map[string]any{"ratingValue": *c.Rating, "reviewCount": c.ReviewCount})
	}
	text, err := json.Marshal(thing("Course", fields))
	if err != nil {
		panic(err) // all values were JSON before
	}
	return template.JS(text) //nolint:gosec // JSON whose markup is escaped
}
