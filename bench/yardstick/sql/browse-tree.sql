SELECT to_json(a) FROM (SELECT json_agg(k) AS categories FROM (
    SELECT gid('Category', k.id) AS id, k.name, k.course_count AS "courseCount", (SELECT to_json(x) FROM (
        SELECT (SELECT coalesce(json_agg(c), '[]') FROM (
            SELECT gid('Course', c.id) AS id, c.title, c.rating_average AS rating,
                (SELECT to_json(y) FROM (SELECT gid('User', u.id) AS id, u.name FROM users u WHERE u.id = c.instructor_id) y) AS instructor,
                (SELECT to_json(z) FROM (SELECT (SELECT coalesce(json_agg(r), '[]') FROM (
                    SELECT r.rating,
                        (SELECT to_json(y) FROM (SELECT gid('User', u.id) AS id, u.name FROM users u WHERE u.id = r.user_id) y) AS author
                    FROM reviews r WHERE r.course_id = c.id ORDER BY r.created_at DESC, r.id DESC LIMIT 3) r) AS nodes) z) AS reviews
            FROM courses c WHERE c.published AND c.category_id = k.id ORDER BY c.published_at DESC, c.id DESC LIMIT 10) c) AS nodes) x) AS courses
    FROM categories k ORDER BY k.name, k.id
) k) a
