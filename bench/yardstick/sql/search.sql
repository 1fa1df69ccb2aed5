WITH q AS MATERIALIZED (
    SELECT whole, started, whole || started AS query, whole || to_tsquery('english', $5) AS ranked, $6::text AS exact
    FROM (SELECT to_tsquery('english', $1) AS whole, to_tsquery('english', $3) && $4::tsquery AS started) w
), hits AS MATERIALIZED (
    SELECT c.id, c.category_id, c.difficulty, c.price = 0 AS free, /*sorted*/
        (CASE WHEN c.search_vector @@ (SELECT whole FROM q) THEN ts_rank(c.search_vector, (SELECT ranked FROM q))
            ELSE ts_rank(c.search_vector, (SELECT started FROM q), 32) / 2 END + (c.title_key = (SELECT exact FROM q))::int)::float8 AS score
    FROM courses c WHERE c.published AND (c.search_vector @@ (SELECT query FROM q) OR c.title_key = (SELECT exact FROM q))
), groups AS MATERIALIZED (
    SELECT category_id, difficulty, free, count(*) AS n FROM hits GROUP BY 1, 2, 3
), page AS MATERIALIZED (
    SELECT h.id, h.score, /*key*/ AS key, row_number() OVER () AS n
    FROM (SELECT * FROM hits h WHERE true/*after*/ ORDER BY /*key*/ DESC, h.id DESC LIMIT $2 + 1) h
)
SELECT (SELECT coalesce(sum(n), 0) FROM groups)::bigint, (SELECT count(*) FROM page) > $2,
    (SELECT to_json(f) FROM (SELECT
        (SELECT coalesce(json_agg(x), '[]') FROM (
            SELECT g.count, (SELECT to_json(y) FROM (SELECT gid('Category', k.id) AS id, k.name) y) AS category
            FROM (SELECT category_id, sum(n) AS count FROM groups GROUP BY 1) g JOIN categories k ON k.id = g.category_id
            ORDER BY g.count DESC, k.name) x) AS categories,
        (SELECT coalesce(json_agg(x), '[]') FROM (
            SELECT sum(n) AS count, upper(difficulty) AS difficulty FROM groups GROUP BY difficulty
            ORDER BY array_position('{beginner,intermediate,advanced}', difficulty)) x) AS difficulties,
        (SELECT coalesce(json_agg(x), '[]') FROM (
            SELECT sum(n) AS count, CASE WHEN free THEN 'FREE' ELSE 'PAID' END AS price FROM groups GROUP BY free
            ORDER BY free DESC) x) AS prices
    ) f),
    (SELECT coalesce(json_agg(json_build_object('score', p.score,
            'highlight', (SELECT to_json(y) FROM (SELECT headline(c.title) AS title, headline(c.description) AS description) y),
            'node', (SELECT to_json(y) FROM (
                SELECT gid('Course', c.id) AS id, c.slug, c.title, upper(c.difficulty) AS difficulty, c.rating_average AS rating,
                    c.enrollment_count AS "enrollmentCount",
                    (SELECT to_json(z) FROM (SELECT c.price::text AS amount) z) AS price,
                    (SELECT to_json(z) FROM (SELECT k.name FROM categories k WHERE k.id = c.category_id) z) AS category,
                    (SELECT to_json(z) FROM (SELECT u.name FROM users u WHERE u.id = c.instructor_id) z) AS instructor
            ) y)) ORDER BY p.n), '[]')
        FROM page p JOIN courses c ON c.id = p.id WHERE p.n <= $2),
    (SELECT key FROM page ORDER BY n DESC LIMIT 1 OFFSET ((SELECT count(*) FROM page) > $2)::int),
    (SELECT id FROM page ORDER BY n DESC LIMIT 1 OFFSET ((SELECT count(*) FROM page) > $2)::int)
