-- +goose Up
-- A change of a course's title has another tag than a change of its description: only the title can
-- move the course in a list by title. Both have the tag of the text, as before: searches depend on
-- it, and so do the lists of servers of the previous release.
--
-- The lock waits for transactions that write courses: the tags recorded by the previous function
-- are committed before any reader relies on the tags of this one.
LOCK TABLE courses IN SHARE ROW EXCLUSIVE MODE;

-- 0011 was changed after databases had been created with it: those databases have no part
-- functions. Their other differences only record more tags than needed.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rating_part(rating double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT floor(greatest(least(coalesce(rating, 0), 5), 0) * 20)::integer;
$$;
-- +goose StatementEnd

-- Each number below 64 has its own part. From 64 on, each power of two has 32 parts.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION enrollment_part(enrollments integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN enrollments < 64 THEN greatest(enrollments, 0)
        ELSE 32 * (27 - position(B'1' IN enrollments::bit(32))) + (enrollments >> (27 - position(B'1' IN enrollments::bit(32)))) END;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.instructor_id AS old_instructor, n.instructor_id AS new_instructor,
                   o.published OR n.published AS listed,
                   (o.id, o.published) IS DISTINCT FROM (n.id, n.published) AS published,
                   (o.id, o.category_id) IS DISTINCT FROM (n.id, n.category_id) AS moved,
                   (o.id, o.instructor_id, o.published, o.published_at)
                       IS DISTINCT FROM (n.id, n.instructor_id, n.published, n.published_at) AS taught,
                   (o.id, o.slug) IS DISTINCT FROM (n.id, n.slug) AS slug,
                   -- The other columns that filters, orders and facets use.
                   (o.tags, o.difficulty, o.price, o.duration_seconds)
                       IS DISTINCT FROM (n.tags, n.difficulty, n.price, n.duration_seconds) AS filtered,
                   o.title IS DISTINCT FROM n.title AS titled,
                   (o.title, o.description) IS DISTINCT FROM (n.title, n.description) AS worded,
                   o.rating_average IS DISTINCT FROM n.rating_average AS rated,
                   rating_part(o.rating_average) AS old_rating, rating_part(n.rating_average) AS new_rating,
                   o.enrollment_count IS DISTINCT FROM n.enrollment_count AS taken,
                   enrollment_part(o.enrollment_count) AS old_taken, enrollment_part(n.enrollment_count) AS new_taken,
                   (o.enrollment_count, o.review_count, o.rating_sum)
                       IS DISTINCT FROM (n.enrollment_count, n.review_count, n.rating_sum) AS counted
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE o IS DISTINCT FROM n LIMIT 1001
        ) r, LATERAL (VALUES
            ('course:' || id),
            -- Also the move of a draft: recommendations depend on the categories of all courses of
            -- a user.
            (CASE WHEN moved OR listed AND (taught OR filtered) THEN 'courses' END),
            (CASE WHEN listed AND worded THEN 'courses.text' END),
            (CASE WHEN listed AND titled THEN 'courses.titles' END),
            (CASE WHEN published THEN 'courses.published' END),
            (CASE WHEN listed AND taken THEN 'courses.enrollments' END),
            (CASE WHEN slug THEN 'courses.slugs' END),
            (CASE WHEN taught THEN 'user:' || old_instructor || '.courses' END),
            (CASE WHEN taught THEN 'user:' || new_instructor || '.courses' END),
            -- If the instructor changes too, both instructors have the tags of their courses.
            (CASE WHEN counted THEN 'teaching:' || new_instructor END)
            UNION ALL
            SELECT 'courses.rating:' || part FROM generate_series(least(old_rating, new_rating), greatest(old_rating, new_rating)) part
            WHERE listed AND rated
            UNION ALL
            SELECT 'courses.enrollments:' || part FROM generate_series(least(old_taken, new_taken), greatest(old_taken, new_taken)) part
            WHERE listed AND taken
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, instructor_id, published FROM touched LIMIT 1001) r, LATERAL (VALUES
                  ('course:' || id), ('courses.slugs'), ('user:' || instructor_id || '.courses'),
                  (CASE WHEN published THEN 'courses' END)
              ) v (tag) WHERE tag IS NOT NULL) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.instructor_id AS old_instructor, n.instructor_id AS new_instructor,
                   o.published OR n.published AS listed,
                   (o.id, o.published) IS DISTINCT FROM (n.id, n.published) AS published,
                   (o.id, o.category_id) IS DISTINCT FROM (n.id, n.category_id) AS moved,
                   (o.id, o.instructor_id, o.published, o.published_at)
                       IS DISTINCT FROM (n.id, n.instructor_id, n.published, n.published_at) AS taught,
                   (o.id, o.slug) IS DISTINCT FROM (n.id, n.slug) AS slug,
                   -- The other columns that filters, orders and facets use.
                   (o.tags, o.difficulty, o.price, o.duration_seconds)
                       IS DISTINCT FROM (n.tags, n.difficulty, n.price, n.duration_seconds) AS filtered,
                   (o.title, o.description) IS DISTINCT FROM (n.title, n.description) AS worded,
                   o.rating_average IS DISTINCT FROM n.rating_average AS rated,
                   rating_part(o.rating_average) AS old_rating, rating_part(n.rating_average) AS new_rating,
                   o.enrollment_count IS DISTINCT FROM n.enrollment_count AS taken,
                   enrollment_part(o.enrollment_count) AS old_taken, enrollment_part(n.enrollment_count) AS new_taken,
                   (o.enrollment_count, o.review_count, o.rating_sum)
                       IS DISTINCT FROM (n.enrollment_count, n.review_count, n.rating_sum) AS counted
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE o IS DISTINCT FROM n LIMIT 1001
        ) r, LATERAL (VALUES
            ('course:' || id),
            -- Also the move of a draft: recommendations depend on the categories of all courses of
            -- a user.
            (CASE WHEN moved OR listed AND (taught OR filtered) THEN 'courses' END),
            (CASE WHEN listed AND worded THEN 'courses.text' END),
            (CASE WHEN published THEN 'courses.published' END),
            (CASE WHEN listed AND taken THEN 'courses.enrollments' END),
            (CASE WHEN slug THEN 'courses.slugs' END),
            (CASE WHEN taught THEN 'user:' || old_instructor || '.courses' END),
            (CASE WHEN taught THEN 'user:' || new_instructor || '.courses' END),
            -- If the instructor changes too, both instructors have the tags of their courses.
            (CASE WHEN counted THEN 'teaching:' || new_instructor END)
            UNION ALL
            SELECT 'courses.rating:' || part FROM generate_series(least(old_rating, new_rating), greatest(old_rating, new_rating)) part
            WHERE listed AND rated
            UNION ALL
            SELECT 'courses.enrollments:' || part FROM generate_series(least(old_taken, new_taken), greatest(old_taken, new_taken)) part
            WHERE listed AND taken
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, instructor_id, published FROM touched LIMIT 1001) r, LATERAL (VALUES
                  ('course:' || id), ('courses.slugs'), ('user:' || instructor_id || '.courses'),
                  (CASE WHEN published THEN 'courses' END)
              ) v (tag) WHERE tag IS NOT NULL) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
