-- +goose Up
-- The comment of an index names the fields that it serves; docs/indexes.md contains the plans that
-- prove it. Every list ends in id, so a keyset page is one range of one index.

-- Query.courses, and the feed of new courses.
CREATE INDEX courses_published_at ON courses (published_at DESC, id DESC) WHERE published;
-- Query.courses(orderBy: TITLE | PRICE | RATING | ENROLLMENTS), in both directions; a null rating
-- counts as 0.
CREATE INDEX courses_title ON courses (title, id) WHERE published;
CREATE INDEX courses_price ON courses (price, id) WHERE published;
CREATE INDEX courses_rating ON courses ((coalesce(rating_average, 0)), id) WHERE published;
-- Also recommendedCourses in any category, and PlatformDashboard.topCourses.
CREATE INDEX courses_enrollments ON courses (enrollment_count, id) WHERE published;
-- Category.courses, CourseFilter.categoryId.
CREATE INDEX courses_category ON courses (category_id, published_at DESC, id DESC) WHERE published;
-- User.coursesTaught, with drafts first; CourseFilter.instructorId; InstructorDashboard.
CREATE INDEX courses_instructor ON courses (instructor_id, (coalesce(published_at, timestamptz '9999-12-31 00:00:00+00')) DESC, id DESC);
-- Query.searchCourses: facets and totals of searches without a text, from the index alone; totals
-- of CourseFilter.difficulty and price.
CREATE INDEX courses_facets ON courses (category_id, difficulty, price) WHERE published;
-- CourseFilter.tags.
CREATE INDEX courses_tags ON courses USING gin (tags) WHERE published;
-- Query.searchCourses.
CREATE INDEX courses_search ON courses USING gin (search_vector) WHERE published;
-- Query.searchCourses: titles that equal the text.
CREATE INDEX courses_title_exact ON courses (lower(title)) WHERE published;
-- Query.searchSuggestions: titles that start with the typed text, or contain a similar word. (A
-- btree would not serve a LIKE whose pattern is a parameter.)
CREATE INDEX courses_title_trigram ON courses USING gin (lower(title) gin_trgm_ops) WHERE published;

-- Course.reviews.
CREATE INDEX reviews_course ON reviews (course_id, created_at DESC, id DESC);

-- Course.enrollments, InstructorDashboard.enrollmentsOverTime, and the computation of
-- course_related. The enrollments of a user are few: the unique (user_id, course_id) finds them and
-- a sort of some dozen rows orders them, so that a change of last_accessed_at updates no index.
CREATE INDEX enrollments_course ON enrollments (course_id, enrolled_at DESC, id DESC);
-- InstructorDashboard.totalCompletions, from the index alone.
CREATE INDEX enrollments_completed ON enrollments (course_id) WHERE completed_at IS NOT NULL OR progress = 100;

-- Dashboard.watchTimeSeconds and watchTime, from the index alone.
CREATE INDEX video_progress_watched ON video_progress (user_id, watched_at) INCLUDE (progress_seconds, created_at);
-- Video.viewerProgress.
CREATE INDEX video_progress_video ON video_progress (user_id, video_id);

-- +goose Down
DROP INDEX video_progress_video, video_progress_watched, enrollments_completed, enrollments_course, reviews_course,
    courses_title_trigram, courses_title_exact, courses_search, courses_tags, courses_facets, courses_instructor,
    courses_category, courses_enrollments, courses_rating, courses_price, courses_title, courses_published_at;
