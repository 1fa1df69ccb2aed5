package edu

// InstructorProfile is the public profile of a user who teaches.
type InstructorProfile struct {
	UserID        int64
	Headline, Bio string
	Links         []InstructorLink
}

// InstructorLink is a link to a page of an instructor.
type InstructorLink struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// InstructorFigures are the figures of an instructor's published courses.
type InstructorFigures struct {
	InstructorID      int64
	Courses, Students int
	Reviews           int
	Rating            *float64 // nil before the first review
}

// InstructorProfile returns the profile of the user, or nil for a student.
func (u *User) InstructorProfile() *InstructorProfile {
	if u.Role == RoleStudent {
		return nil
	}
	return &InstructorProfile{UserID: u.ID, Headline: u.Headline, Bio: u.Bio, Links: u.Links}
}
