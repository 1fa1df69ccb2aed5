-- +goose Up
-- As in 0011_changes.sql, but the students of two courses are counted before it is known which courses are published:
-- that is looked up once for each pair of courses, and not for each student of the two.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_related(course_ids bigint[]) RETURNS void LANGUAGE sql AS $$
    -- One course at a time: aggregating all pairs at once takes more than twice as long.
    WITH published AS MATERIALIZED (
        SELECT id FROM courses WHERE published
    ), fresh AS MATERIALIZED (
        SELECT k.id AS course_id, row_number() OVER (PARTITION BY k.id ORDER BY students DESC, related_id) AS rank, related_id, students
        FROM unnest(course_ids) k (id), LATERAL (
            SELECT related_id, students FROM (
                SELECT b.course_id AS related_id, count(*) AS students
                FROM enrollments a
                JOIN enrollments b ON b.user_id = a.user_id AND b.course_id <> a.course_id
                WHERE a.course_id = k.id
                GROUP BY b.course_id) pairs
            WHERE related_id IN (SELECT id FROM published)
            ORDER BY students DESC, related_id LIMIT 50) r
    ), gone AS (
        DELETE FROM course_related r WHERE r.course_id = ANY (course_ids)
        AND NOT EXISTS (SELECT FROM fresh f WHERE f.course_id = r.course_id AND f.rank = r.rank)
    )
    INSERT INTO course_related AS r (course_id, rank, related_id, students) SELECT * FROM fresh
    ON CONFLICT (course_id, rank) DO UPDATE SET related_id = excluded.related_id, students = excluded.students
    WHERE (r.related_id, r.students) <> (excluded.related_id, excluded.students);
    INSERT INTO course_related_made SELECT id, now() FROM courses WHERE id = ANY (course_ids)
    ON CONFLICT (course_id) DO UPDATE SET made_at = excluded.made_at;
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_related(course_ids bigint[]) RETURNS void LANGUAGE sql AS $$
    -- One course at a time: aggregating all pairs at once spills to disk and takes nearly twice as
    -- long.
    WITH fresh AS MATERIALIZED (
        SELECT k.id AS course_id, row_number() OVER (PARTITION BY k.id ORDER BY students DESC, related_id) AS rank, related_id, students
        FROM unnest(course_ids) k (id), LATERAL (
            SELECT b.course_id AS related_id, count(*) AS students
            FROM enrollments a
            JOIN enrollments b ON b.user_id = a.user_id AND b.course_id <> a.course_id
            JOIN courses c ON c.id = b.course_id AND c.published
            WHERE a.course_id = k.id
            GROUP BY b.course_id ORDER BY count(*) DESC, b.course_id LIMIT 50) r
    ), gone AS (
        DELETE FROM course_related r WHERE r.course_id = ANY (course_ids)
        AND NOT EXISTS (SELECT FROM fresh f WHERE f.course_id = r.course_id AND f.rank = r.rank)
    )
    INSERT INTO course_related AS r (course_id, rank, related_id, students) SELECT * FROM fresh
    ON CONFLICT (course_id, rank) DO UPDATE SET related_id = excluded.related_id, students = excluded.students
    WHERE (r.related_id, r.students) <> (excluded.related_id, excluded.students);
    INSERT INTO course_related_made SELECT id, now() FROM courses WHERE id = ANY (course_ids)
    ON CONFLICT (course_id) DO UPDATE SET made_at = excluded.made_at;
$$;
-- +goose StatementEnd
