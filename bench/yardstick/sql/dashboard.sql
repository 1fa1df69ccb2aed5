WITH watched AS MATERIALIZED (
    SELECT p.watched_at, p.watched_seconds FROM video_progress p WHERE p.user_id = $1 AND p.watched_at >= now() - interval '30 days'
), taken AS MATERIALIZED (
    SELECT e.id, e.course_id, e.progress, e.completed_at, e.last_accessed_at, e.enrolled_at FROM enrollments e WHERE e.user_id = $1
)
SELECT to_json(a) FROM (SELECT to_json(v) AS viewer FROM (
    SELECT gid('User', u.id) AS id, u.name, u.email, (SELECT to_json(d) FROM (
        SELECT n.*, (SELECT coalesce(sum(w.watched_seconds), 0) FROM watched w) AS "watchTimeSeconds",
            (SELECT json_agg(t) FROM (
                SELECT day AS at, coalesce(w.seconds, 0)::float8 AS value
                FROM generate_series(date_trunc('day', now(), 'UTC') - interval '13 days', now(), interval '1 day') AS day
                LEFT JOIN (SELECT date_trunc('day', w.watched_at, 'UTC') AS at, sum(w.watched_seconds) AS seconds
                    FROM watched w GROUP BY 1) w ON w.at = day
                ORDER BY day) t) AS "watchTime",
            (SELECT coalesce(json_agg(x), '[]') FROM (
                SELECT gid('Enrollment', e.id) AS id, e.progress::float8, status(e) AS status, e.last_accessed_at AS "lastAccessedAt",
                    (SELECT to_json(y) FROM (
                        SELECT gid('Course', c.id) AS id, c.slug, c.title, c.thumbnail_url AS "thumbnailUrl",
                            (SELECT to_json(z) FROM (SELECT i.name FROM users i WHERE i.id = c.instructor_id) z) AS instructor
                        FROM courses c WHERE c.id = e.course_id) y) AS course
                FROM (SELECT * FROM taken e WHERE coalesce(e.last_accessed_at, e.enrolled_at) >= now() - interval '7 days'
                    ORDER BY coalesce(e.last_accessed_at, e.enrolled_at) DESC, e.id DESC LIMIT 10) e
                ORDER BY coalesce(e.last_accessed_at, e.enrolled_at) DESC, e.id DESC) x) AS "recentActivity",
            (SELECT coalesce(json_agg(x), '[]') FROM (
                SELECT gid('Course', c.id) AS id, c.slug, c.title, c.rating_average AS rating FROM courses c WHERE c.published
                    AND c.id NOT IN (SELECT t.course_id FROM taken t)
                    AND (c.category_id IN (SELECT k.category_id FROM taken t JOIN courses k ON k.id = t.course_id)
                        OR NOT EXISTS (SELECT FROM taken))
                ORDER BY c.enrollment_count DESC, c.id DESC LIMIT 5) x) AS "recommendedCourses"
        FROM (SELECT count(*) AS "enrolledCoursesCount",
                count(*) FILTER (WHERE status(e) = 'IN_PROGRESS') AS "inProgressCoursesCount",
                count(*) FILTER (WHERE status(e) = 'COMPLETED') AS "completedCoursesCount"
            FROM taken e) n
    ) d) AS dashboard
    FROM users u WHERE u.id = $1
) v) a
