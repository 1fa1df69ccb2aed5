-- +goose Up
-- The database maintains every counter, in the statement that changes the counted rows, so loads
-- and repairs in plain SQL update them too. Triggers run once for each statement over its
-- transition tables: a COPY of 150,000 reviews costs one UPDATE. Courses are first locked in the
-- order of their ids, so that two writers of the same courses queue instead of deadlocking.

-- +goose StatementBegin
CREATE FUNCTION add_to_courses(
    course_ids bigint[], enrollments bigint[], reviews bigint[], ratings bigint[], videos bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM courses WHERE id = ANY (course_ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses c
    SET enrollment_count = c.enrollment_count + d.enrollments,
        review_count     = c.review_count + d.reviews,
        rating_sum       = c.rating_sum + d.ratings,
        -- Divided as numeric, so that the result equals avg(rating)::float8 to the last bit.
        rating_average   = CASE WHEN c.review_count + d.reviews > 0
            THEN ((c.rating_sum + d.ratings)::numeric / (c.review_count + d.reviews))::float8 END,
        video_count      = c.video_count + d.videos
    FROM unnest(course_ids, enrollments, reviews, ratings, videos)
        AS d (id, enrollments, reviews, ratings, videos)
    WHERE c.id = d.id;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_enrollments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[]; n bigint[]; zero bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE courses SET enrollment_count = 0 WHERE enrollment_count <> 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(course_id), array_agg(k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, count(*) AS k FROM new_rows GROUP BY course_id) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(course_id), array_agg(-k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, count(*) AS k FROM old_rows GROUP BY course_id) d;
    ELSE
        SELECT array_agg(course_id), array_agg(k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, sum(k) AS k
              FROM (SELECT course_id, 1 AS k FROM new_rows UNION ALL SELECT course_id, -1 FROM old_rows) u
              GROUP BY course_id HAVING sum(k) <> 0) d;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM add_to_courses(ids, n, zero, zero, zero);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER enrollments_inserted AFTER INSERT ON enrollments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_enrollments();
CREATE TRIGGER enrollments_deleted AFTER DELETE ON enrollments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_enrollments();
CREATE TRIGGER enrollments_updated AFTER UPDATE ON enrollments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_enrollments();
CREATE TRIGGER enrollments_truncated AFTER TRUNCATE ON enrollments
    FOR EACH STATEMENT EXECUTE FUNCTION count_enrollments();

-- +goose StatementBegin
CREATE FUNCTION count_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[]; n bigint[]; r bigint[]; zero bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE courses SET review_count = 0, rating_sum = 0, rating_average = NULL WHERE review_count <> 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(course_id), array_agg(k), array_agg(s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, count(*) AS k, sum(rating) AS s FROM new_rows GROUP BY course_id) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(course_id), array_agg(-k), array_agg(-s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, count(*) AS k, sum(rating) AS s FROM old_rows GROUP BY course_id) d;
    ELSE
        SELECT array_agg(course_id), array_agg(k), array_agg(s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, sum(k) AS k, sum(s) AS s
              FROM (SELECT course_id, 1 AS k, rating AS s FROM new_rows
                    UNION ALL SELECT course_id, -1, -rating FROM old_rows) u
              GROUP BY course_id HAVING sum(k) <> 0 OR sum(s) <> 0) d;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM add_to_courses(ids, zero, n, r, zero);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER reviews_inserted AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_reviews();
CREATE TRIGGER reviews_deleted AFTER DELETE ON reviews
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_reviews();
CREATE TRIGGER reviews_updated AFTER UPDATE ON reviews
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_reviews();
CREATE TRIGGER reviews_truncated AFTER TRUNCATE ON reviews
    FOR EACH STATEMENT EXECUTE FUNCTION count_reviews();

-- +goose StatementBegin
CREATE FUNCTION count_videos() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[]; n bigint[]; zero bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE courses SET video_count = 0 WHERE video_count <> 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(course_id), array_agg(k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, count(*) AS k FROM new_rows GROUP BY course_id) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(course_id), array_agg(-k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, count(*) AS k FROM old_rows GROUP BY course_id) d;
    ELSE
        SELECT array_agg(course_id), array_agg(k), array_agg(0) INTO ids, n, zero
        FROM (SELECT course_id, sum(k) AS k
              FROM (SELECT course_id, 1 AS k FROM new_rows UNION ALL SELECT course_id, -1 FROM old_rows) u
              GROUP BY course_id HAVING sum(k) <> 0) d;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM add_to_courses(ids, zero, zero, zero, n);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER videos_inserted AFTER INSERT ON videos
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_videos();
CREATE TRIGGER videos_deleted AFTER DELETE ON videos
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_videos();
CREATE TRIGGER videos_updated AFTER UPDATE ON videos
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_videos();
CREATE TRIGGER videos_truncated AFTER TRUNCATE ON videos
    FOR EACH STATEMENT EXECUTE FUNCTION count_videos();

-- The number of published courses of a category. The update trigger runs for each row, because a
-- trigger with transition tables cannot name columns and would run for every change of a counter
-- above.
-- +goose StatementBegin
CREATE FUNCTION count_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE categories SET course_count = 0 WHERE course_count <> 0;
    ELSIF TG_OP = 'INSERT' THEN
        UPDATE categories k SET course_count = k.course_count + d.n
        FROM (SELECT category_id, count(*) AS n FROM new_rows WHERE published GROUP BY category_id) d
        WHERE k.id = d.category_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE categories k SET course_count = k.course_count - d.n
        FROM (SELECT category_id, count(*) AS n FROM old_rows WHERE published GROUP BY category_id) d
        WHERE k.id = d.category_id;
    ELSE
        UPDATE categories k SET course_count = k.course_count + d.n
        FROM (SELECT category_id, sum(n) AS n
              FROM (VALUES (NEW.category_id, NEW.published::int), (OLD.category_id, -OLD.published::int)) u (category_id, n)
              GROUP BY category_id) d
        WHERE k.id = d.category_id AND d.n <> 0;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_inserted AFTER INSERT ON courses
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_courses();
CREATE TRIGGER courses_deleted AFTER DELETE ON courses
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_courses();
CREATE TRIGGER courses_moved AFTER UPDATE OF published, category_id ON courses
    FOR EACH ROW WHEN (OLD.published <> NEW.published OR OLD.category_id <> NEW.category_id)
    EXECUTE FUNCTION count_courses();
CREATE TRIGGER courses_truncated AFTER TRUNCATE ON courses
    FOR EACH STATEMENT EXECUTE FUNCTION count_courses();

-- +goose Down
DROP FUNCTION count_courses(), count_videos(), count_reviews(), count_enrollments() CASCADE;
DROP FUNCTION add_to_courses(bigint[], bigint[], bigint[], bigint[], bigint[]);
