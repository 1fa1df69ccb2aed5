SELECT to_json(a) FROM (SELECT to_json(c) AS course FROM (
    SELECT gid('Course', c.id) AS id, c.title, c.description, c.tags, upper(c.difficulty) AS difficulty,
        c.duration_seconds AS "durationSeconds", c.rating_average AS rating, c.review_count AS "reviewCount",
        c.enrollment_count AS "enrollmentCount", c.published_at AS "publishedAt",
        (SELECT to_json(m) FROM (SELECT c.price::text AS amount, c.currency_code AS "currencyCode") m) AS price,
        (SELECT to_json(x) FROM (SELECT gid('Category', k.id) AS id, k.name, k.slug FROM categories k WHERE k.id = c.category_id) x) AS category,
        (SELECT to_json(x) FROM (
            SELECT gid('User', u.id) AS id, u.name, (SELECT to_json(t) FROM (
                SELECT (SELECT count(*) FROM courses o WHERE o.instructor_id = u.id AND o.published) AS "totalCount",
                    (SELECT coalesce(json_agg(o), '[]') FROM (
                        SELECT gid('Course', o.id) AS id, o.slug, o.title FROM courses o
                        WHERE o.instructor_id = u.id AND o.published
                        ORDER BY coalesce(o.published_at, timestamptz '9999-12-31 00:00:00+00') DESC, o.id DESC LIMIT 3) o) AS nodes
                ) t) AS "coursesTaught"
            FROM users u WHERE u.id = c.instructor_id) x) AS instructor,
        (SELECT to_json(x) FROM (SELECT c.video_count AS "totalCount", (SELECT coalesce(json_agg(v), '[]') FROM (
            SELECT gid('Video', v.id) AS id, v.title, v.position, v.duration_seconds AS "durationSeconds"
            FROM videos v WHERE v.course_id = c.id ORDER BY v.position, v.id LIMIT 50) v) AS nodes) x) AS videos,
        (SELECT to_json(x) FROM (SELECT c.review_count AS "totalCount", (SELECT coalesce(json_agg(r), '[]') FROM (
            SELECT gid('Review', r.id) AS id, r.rating, r.body, r.created_at AS "createdAt",
                (SELECT to_json(y) FROM (SELECT gid('User', u.id) AS id, u.name FROM users u WHERE u.id = r.user_id) y) AS author
            FROM reviews r WHERE r.course_id = c.id ORDER BY r.created_at DESC, r.id DESC LIMIT 10) r) AS nodes) x) AS reviews,
        (SELECT coalesce(json_agg(o), '[]') FROM (
            SELECT gid('Course', o.id) AS id, o.slug, o.title, o.rating_average AS rating
            FROM course_related p JOIN courses o ON o.id = p.related_id
            WHERE p.course_id = c.id AND o.published ORDER BY p.rank LIMIT 5) o) AS "relatedCourses",
        (SELECT to_json(x) FROM (
            SELECT gid('Enrollment', e.id) AS id, e.progress::float8, status(e) AS status
            FROM enrollments e WHERE e.user_id = $2 AND e.course_id = c.id) x) AS "viewerEnrollment"
    FROM courses c WHERE c.slug = $1 AND (c.published OR c.instructor_id = $2)
) c) a
