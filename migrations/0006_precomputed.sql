-- +goose Up
-- Figures that may be as old as their last refresh, which the server repeats every few minutes (see
-- internal/jobs).

-- Each table is aggregated separately and then joined: enrollments and reviews in one FROM would
-- multiply each other.
CREATE MATERIALIZED VIEW course_analytics AS
SELECT c.id AS course_id,
       c.title,
       coalesce(e.total, 0)                     AS total_enrollments,
       coalesce(e.progress, 0)                  AS average_progress,
       coalesce(e.completions, 0)               AS completions,
       r.rating                                 AS average_rating,
       coalesce(r.total, 0)                     AS total_reviews,
       coalesce(w.seconds, 0)                   AS watch_time_seconds,
       c.created_at,
       now()                                    AS refreshed_at
FROM courses c
LEFT JOIN (SELECT course_id, count(*) AS total, avg(progress) AS progress,
                  count(*) FILTER (WHERE completed_at IS NOT NULL OR progress = 100) AS completions
           FROM enrollments GROUP BY course_id) e ON e.course_id = c.id
LEFT JOIN (SELECT course_id, count(*) AS total, avg(rating) AS rating
           FROM reviews GROUP BY course_id) r ON r.course_id = c.id
LEFT JOIN (SELECT v.course_id, sum(p.progress_seconds) AS seconds
           FROM video_progress p JOIN videos v ON v.id = p.video_id GROUP BY v.course_id) w ON w.course_id = c.id;
-- Course.analytics. REFRESH … CONCURRENTLY requires a unique index.
CREATE UNIQUE INDEX course_analytics_course ON course_analytics (course_id);

-- The counts of PlatformDashboard.
CREATE MATERIALIZED VIEW platform_totals AS
SELECT 1 AS id,
       (SELECT count(*) FROM users) AS users,
       (SELECT count(*) FROM enrollments) AS enrollments,
       (SELECT count(*) FROM enrollments WHERE completed_at IS NOT NULL OR progress = 100) AS completions,
       now() AS refreshed_at;
CREATE UNIQUE INDEX platform_totals_id ON platform_totals (id);

-- PlatformDashboard.enrollmentsOverTime, one row for each day in UTC.
CREATE MATERIALIZED VIEW platform_days AS
SELECT (enrolled_at AT TIME ZONE 'UTC')::date AS day, count(*) AS enrollments
FROM enrollments GROUP BY 1;
CREATE UNIQUE INDEX platform_days_day ON platform_days (day);

-- PlatformDashboard.activeUsersCount: the time at which a user last watched a video or touched an
-- enrollment.
CREATE MATERIALIZED VIEW user_activity AS
SELECT user_id, max(at) AS active_at
FROM (SELECT user_id, max(watched_at) AS at FROM video_progress GROUP BY user_id
      UNION ALL
      SELECT user_id, max(greatest(enrolled_at, last_accessed_at, completed_at)) FROM enrollments GROUP BY user_id) a
GROUP BY user_id;
CREATE UNIQUE INDEX user_activity_user ON user_activity (user_id);
CREATE INDEX user_activity_at ON user_activity (active_at);

-- Course.relatedCourses: the courses that share the most students, by rank. It is a table and not a
-- view, because it is recomputed a few courses at a time: a course with 5,000 students costs some
-- 50 ms, all of 5,000 courses several seconds.
CREATE TABLE course_related (
    course_id  bigint   NOT NULL REFERENCES courses ON DELETE CASCADE,
    rank       smallint NOT NULL,
    related_id bigint   NOT NULL REFERENCES courses ON DELETE CASCADE,
    students   integer  NOT NULL,
    PRIMARY KEY (course_id, rank)
);

-- The time at which course_related was last computed for a course.
CREATE TABLE course_related_made (
    course_id bigint PRIMARY KEY REFERENCES courses ON DELETE CASCADE,
    made_at   timestamptz NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION refresh_related(course_ids bigint[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM course_related WHERE course_id = ANY (course_ids);
    -- One course at a time: aggregating all pairs at once spills to disk and takes nearly twice as
    -- long.
    INSERT INTO course_related (course_id, rank, related_id, students)
    SELECT k.id, row_number() OVER (PARTITION BY k.id ORDER BY students DESC, related_id), related_id, students
    FROM unnest(course_ids) k (id), LATERAL (
        SELECT b.course_id AS related_id, count(*) AS students
        FROM enrollments a
        JOIN enrollments b ON b.user_id = a.user_id AND b.course_id <> a.course_id
        JOIN courses c ON c.id = b.course_id AND c.published
        WHERE a.course_id = k.id
        GROUP BY b.course_id ORDER BY count(*) DESC, b.course_id LIMIT 50) r;
    INSERT INTO course_related_made SELECT id, now() FROM courses WHERE id = ANY (course_ids)
    ON CONFLICT (course_id) DO UPDATE SET made_at = excluded.made_at;
$$;
-- +goose StatementEnd

-- Computes course_related for at most n courses that were never computed, or last before
-- made_before, the oldest first. Returns the number of these courses.
-- +goose StatementBegin
CREATE FUNCTION refresh_stale_related(made_before timestamptz, n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    stale bigint[] := ARRAY(
        SELECT c.id FROM courses c LEFT JOIN course_related_made m ON m.course_id = c.id
        WHERE m.made_at IS NULL OR m.made_at < made_before
        ORDER BY m.made_at NULLS FIRST, c.id LIMIT n);
BEGIN
    PERFORM refresh_related(stale);
    RETURN cardinality(stale);
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION refresh_stale_related(timestamptz, integer), refresh_related(bigint[]);
DROP TABLE course_related_made, course_related;
DROP MATERIALIZED VIEW user_activity, platform_days, platform_totals, course_analytics;
