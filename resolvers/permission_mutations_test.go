package resolvers_test

import (
	"fmt"
	"testing"

	"github.com/7p-education/api/edu"
	authn "github.com/7p-education/api/internal/auth"
)

// mutationCase is a row of the document's table of mutations: a mutation and its arguments. A mutation on a
// course has two rows, one for a published course and one for an unpublished one.
type mutationCase struct {
	mutation  string
	onCourse  bool
	arguments func(t *testing.T, s fixture, course, video int64) map[string]any
}

var mutationCases = []mutationCase{
	{"signUp", false, func(_ *testing.T, s fixture, _, _ int64) map[string]any {
		return inputVariables("name", "Ada", "email", fmt.Sprintf("ada%d@7p.example", s.course), "password", password)
	}},
	{"signIn", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		email := queryOne[string](t, s.testAPI, "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING email", s.student.ID, weakPasswordHash)
		return inputVariables("email", email, "password", "password")
	}},
	{"refreshSession", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		token := authn.NewRefreshToken()
		hash := token.Hash()
		s.exec(t, "WITH s AS (INSERT INTO sessions (user_id) VALUES ($1) RETURNING id) INSERT INTO refresh_tokens SELECT $2, id, now(), now() + interval '1 day' FROM s", s.student.ID, hash[:])
		return inputVariables("refreshToken", token.Encode())
	}},
	{"deleteAccount", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		s.exec(t, "UPDATE users SET password_hash = $1", weakPasswordHash)
		return inputVariables("password", "password")
	}},
	{"requestPasswordReset", false, func(_ *testing.T, s fixture, _, _ int64) map[string]any {
		return inputVariables("email", fmt.Sprintf("nobody%d@7p.example", s.course))
	}},
	{"resetPassword", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		s.exec(t, "UPDATE users SET password_hash = $1", weakPasswordHash)
		return inputVariables("token", insertMailToken(t, s.testAPI, s.student.ID, "password_reset"), "newPassword", password)
	}},
	{"requestEmailVerification", false, func(*testing.T, fixture, int64, int64) map[string]any { return nil }},
	{"verifyEmail", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		return inputVariables("token", insertMailToken(t, s.testAPI, s.student.ID, "email_verification"))
	}},
	{"changePassword", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		s.exec(t, "UPDATE users SET password_hash = $1", weakPasswordHash)
		return inputVariables("currentPassword", "password", "newPassword", password)
	}},
	{"revokeSession", false, func(t *testing.T, s fixture, _, _ int64) map[string]any {
		session := queryOne[int64](t, s.testAPI, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", s.student.ID)
		return inputVariables("id", globalID(edu.KindSession, session))
	}},
	{"updateProfile", false, func(*testing.T, fixture, int64, int64) map[string]any { return inputVariables("name", "Another") }},
	{"signOut", false, func(*testing.T, fixture, int64, int64) map[string]any { return nil }},
	{"updatePreferences", false, func(*testing.T, fixture, int64, int64) map[string]any { return inputVariables("theme", "dark") }},
	{"updateInstructorProfile", false, func(*testing.T, fixture, int64, int64) map[string]any {
		return inputVariables("headline", "Teaches", "bio", "Since 2001.", "links", []any{map[string]any{"label": "Home", "url": "https://7p.example"}})
	}},
	{"enroll", true, courseArguments()},
	{"unenroll", true, courseArguments()},
	{"addToWishlist", true, courseArguments()},
	{"removeFromWishlist", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		s.exec(t, "INSERT INTO wishlist_items (user_id, course_id) SELECT id, $1 FROM users", course)
		return inputVariables("courseId", globalID(edu.KindCourse, course))
	}},
	{"recordVideoProgress", true, func(_ *testing.T, _ fixture, _, video int64) map[string]any {
		return inputVariables("events", []any{videoEvent(video, 60)})
	}},
	{"reviewCourse", true, courseArguments("rating", 3, "body", "So so.")},
	{"deleteReview", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		return inputVariables("id", globalID(edu.KindReview, reviewOf(t, s.testAPI, course)))
	}},
	{"replyToReview", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		return inputVariables("reviewId", globalID(edu.KindReview, reviewOf(t, s.testAPI, course)), "body", "Thank you!")
	}},
	{"deleteReviewReply", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		s.exec(t, "UPDATE reviews SET reply = 'Thanks', replied_at = now(), reply_updated_at = now(), replied_by = $2 WHERE course_id = $1", course, s.instructor.ID)
		return inputVariables("reviewId", globalID(edu.KindReview, reviewOf(t, s.testAPI, course)))
	}},
	{"createCourse", false, func(_ *testing.T, s fixture, _, _ int64) map[string]any {
		return map[string]any{"input": newCourseInput(s)}
	}},
	{"importCourses", false, func(_ *testing.T, s fixture, _, _ int64) map[string]any {
		return inputVariables("courses", []any{newCourseInput(s)})
	}},
	{"updateCourse", true, func(_ *testing.T, _ fixture, course, _ int64) map[string]any {
		return inputVariables("id", globalID(edu.KindCourse, course), "title", "Another")
	}},
	{"publishCourse", true, func(_ *testing.T, _ fixture, course, _ int64) map[string]any { return courseVariables(course) }},
	{"publishCourses", true, func(_ *testing.T, _ fixture, course, _ int64) map[string]any {
		return map[string]any{"ids": []any{globalID(edu.KindCourse, course)}}
	}},
	{"unpublishCourse", true, func(_ *testing.T, _ fixture, course, _ int64) map[string]any { return courseVariables(course) }},
	{"deleteCourse", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		s.exec(t, "DELETE FROM enrollments WHERE course_id = $1", course)
		s.exec(t, "DELETE FROM reviews WHERE course_id = $1", course)
		s.exec(t, "DELETE FROM video_progress WHERE video_id IN (SELECT id FROM videos WHERE course_id = $1)", course)
		return inputVariables("id", globalID(edu.KindCourse, course))
	}},
	{"addSection", true, courseArguments("title", "Two")},
	{"updateSection", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		return inputVariables("id", globalID(edu.KindSection, insertSection(t, s.testAPI, course)), "title", "Another")
	}},
	{"deleteSection", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		return inputVariables("id", globalID(edu.KindSection, insertSection(t, s.testAPI, course)))
	}},
	{"reorderSections", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		insertSection(t, s.testAPI, course)
		insertSection(t, s.testAPI, course)
		return inputVariables("courseId", globalID(edu.KindCourse, course),
			"sectionIds", s.queryIDs(t, edu.KindSection, "SELECT id FROM sections WHERE course_id = $1 ORDER BY position DESC", course))
	}},
	{"addVideo", true, courseArguments("title", "Two", "durationSeconds", 60)},
	{"updateVideo", true, func(_ *testing.T, _ fixture, _, video int64) map[string]any {
		return inputVariables("id", globalID(edu.KindVideo, video), "title", "Another")
	}},
	{"deleteVideo", true, func(_ *testing.T, _ fixture, _, video int64) map[string]any {
		return inputVariables("id", globalID(edu.KindVideo, video))
	}},
	{"reorderVideos", true, func(t *testing.T, s fixture, course, video int64) map[string]any {
		first := queryOne[int64](t, s.testAPI, "UPDATE videos SET position = 2 WHERE id = $1 RETURNING id", video)
		second := queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 1, 60) RETURNING id", course)
		return inputVariables("courseId", globalID(edu.KindCourse, course), "videoIds", videoIDs(first, second))
	}},
	{"bulkEnroll", true, func(t *testing.T, s fixture, course, _ int64) map[string]any {
		email := queryOne[string](t, s.testAPI, "INSERT INTO users (name, email) VALUES ('new', 'new' || $1::bigint) RETURNING email", s.course)
		return inputVariables("courseId", globalID(edu.KindCourse, course), "emails", []any{email})
	}},
}

// writesNothing names the rows of mutations that succeed without writing anything.
var writesNothing = map[string]bool{"`signOut`": true, "`publishCourse`": true, "`publishCourses`": true, "`unpublishCourse` of an unpublished course": true}

// certificateCode is the code of a certificate in tests.
const certificateCode = "00000000-0000-4000-8000-000000000001"

// insertMailToken inserts the token of a mail and returns it.
func insertMailToken(t *testing.T, a *testAPI, user int64, kind string) string {
	t.Helper()
	token := authn.NewRefreshToken()
	hash := token.Hash()
	a.exec(t, "INSERT INTO account_tokens SELECT $1, id, $2, email, now() + interval '1 hour' FROM users WHERE id = $3", hash[:], kind, user)
	return token.Encode()
}

// weakPasswordHash is a hash of "password" with parameters that make it fast.
const weakPasswordHash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8Tf44YakA6Z5zNBgblq13Nr+Q8FkCFWsjG4z6b1j7rM"

// inputVariables returns an argument named input of alternating names and values.
func inputVariables(fields ...any) map[string]any {
	in := map[string]any{}
	for i := 0; i < len(fields); i += 2 {
		in[fields[i].(string)] = fields[i+1]
	}
	return map[string]any{"input": in}
}

// courseArguments returns the arguments of a mutation on a course: its id and alternating names and values.
func courseArguments(fields ...any) func(*testing.T, fixture, int64, int64) map[string]any {
	return func(_ *testing.T, _ fixture, course, _ int64) map[string]any {
		return inputVariables(append([]any{"courseId", globalID(edu.KindCourse, course)}, fields...)...)
	}
}

// reviewOf returns the key of the only review of a course.
func reviewOf(t *testing.T, a *testAPI, course int64) int64 {
	t.Helper()
	return queryOne[int64](t, a, "SELECT id FROM reviews WHERE course_id = $1", course)
}

// insertSection adds a section after the others of a course, which begins with its first video.
func insertSection(t *testing.T, a *testAPI, course int64) int64 {
	t.Helper()
	return queryOne[int64](t, a, "INSERT INTO sections (course_id, title, position, first_position) SELECT $1, 'S', 1 + count(*), 1 FROM sections WHERE course_id = $1 RETURNING id", course)
}

// newCourseInput returns a valid CourseInput.
func newCourseInput(s fixture) map[string]any {
	return map[string]any{"title": fmt.Sprint("New ", s.course), "description": "", "priceAmount": "0", "categoryId": globalID(edu.KindCategory, 1)}
}
