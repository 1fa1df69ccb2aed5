SELECT (/*total*/) AS total, count(*) > /*first*/,
    coalesce(json_agg(json_build_object(
        'id', gid('Course', c.id), 'slug', c.slug, 'title', c.title, 'description', c.description, 'difficulty', upper(c.difficulty),
        'durationSeconds', c.duration_seconds, 'thumbnailUrl', c.thumbnail_url, 'rating', c.rating_average,
        'reviewCount', c.review_count, 'enrollmentCount', c.enrollment_count,
        'price', json_build_object('amount', c.price::text, 'currencyCode', c.currency_code),
        'category', (SELECT to_json(x) FROM (SELECT gid('Category', k.id) AS id, k.name FROM categories k WHERE k.id = c.category_id) x),
        'instructor', (SELECT to_json(x) FROM (SELECT gid('User', u.id) AS id, u.name FROM users u WHERE u.id = c.instructor_id) x)
    ) ORDER BY c.n) FILTER (WHERE c.n <= /*first*/), '[]'),
    (array_agg(c.key ORDER BY c.n))[least(count(*), /*first*/)::int], (array_agg(c.id ORDER BY c.n))[least(count(*), /*first*/)::int]
FROM (SELECT c.*, /*key*/ AS key, row_number() OVER () AS n
    FROM (SELECT * FROM courses c WHERE c.published/*where*//*after*/ ORDER BY /*order*/ LIMIT /*first*/ + 1) c) c
