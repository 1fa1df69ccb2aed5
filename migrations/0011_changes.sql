-- +goose Up
-- The tags (see docs/caching.md) of the data that every committed change made stale: one row for
-- each statement, in the transaction of the change. Writers need not do anything, and a transaction
-- that is rolled back leaves no row.
CREATE TABLE changes (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The id of the top-level transaction, also within savepoints.
    xid  xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    tags text[]      NOT NULL
) WITH (
    -- Rows are inserted at one end and deleted at the other, and never updated. Dead rows are
    -- vacuumed by their number, for any size of the table.
    fillfactor = 100,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
-- The changes committed after a snapshot, and the changes of a transaction.
CREATE INDEX changes_xid ON changes (xid);

-- Creates the triggers that record the changes of a table.
-- +goose StatementBegin
CREATE FUNCTION watch_changes(target regclass, teller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER written_insert AFTER INSERT ON %s
        REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, teller);
    EXECUTE format('CREATE TRIGGER written_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, teller);
    EXECUTE format('CREATE TRIGGER written_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, teller);
    EXECUTE format('CREATE TRIGGER written_truncate AFTER TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION tell_everything()', target);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_everything() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tags) VALUES ('{*}');
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The functions below differ in their tags only. Each row has a tag of its own, so 1,001 rows
-- suffice to detect more than 1,000 tags, which are recorded as "*". Old and new rows are joined
-- FULL, because that is always a hash or a merge join: a nested loop, planned for a statement of
-- one row, would be reused for a statement of 50,000. A row whose key changes occurs twice, once on
-- each side.

-- +goose StatementBegin
CREATE FUNCTION tell_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id,
                   (o.id, o.name, o.avatar_url, o.role, o.created_at)
                       IS DISTINCT FROM (n.id, n.name, n.avatar_url, n.role, n.created_at) AS public,
                   (o.email, o.plan, o.preferences, o.active, o.last_login)
                       IS DISTINCT FROM (n.email, n.plan, n.preferences, n.active, n.last_login) AS private
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        ) r, LATERAL (VALUES
            (CASE WHEN public THEN 'user:' || id END),
            (CASE WHEN private THEN 'user:' || id || '.private' END)
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || id) AS tags FROM (SELECT id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_categories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id,
                   (o.id, o.name, o.slug) IS DISTINCT FROM (n.id, n.name, n.slug) AS named,
                   o.course_count IS DISTINCT FROM n.course_count AS counted
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        ) r, LATERAL (VALUES
            (CASE WHEN named OR counted THEN 'category:' || id END),
            (CASE WHEN named THEN 'categories' END),
            (CASE WHEN counted THEN 'categories.counts' END)
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id FROM touched LIMIT 1001) r, LATERAL (VALUES ('category:' || id), ('categories')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- A page in the order by rating or by enrollments depends on courses that move past its last
-- position. So both orders are divided into parts, by the same rules as edu.RatingPart and
-- edu.EnrollmentPart. A change has the tags of all parts from the old to the new position of the
-- course, so a course that moves past a position changes the tag of the part that contains it.

-- +goose StatementBegin
CREATE FUNCTION rating_part(rating double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT floor(greatest(least(coalesce(rating, 0), 5), 0) * 20)::integer;
$$;
-- +goose StatementEnd

-- Each number below 64 has its own part. From 64 on, each power of two has 32 parts.
-- +goose StatementBegin
CREATE FUNCTION enrollment_part(enrollments integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN enrollments < 64 THEN greatest(enrollments, 0)
        ELSE 32 * (27 - position(B'1' IN enrollments::bit(32))) + (enrollments >> (27 - position(B'1' IN enrollments::bit(32)))) END;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_courses() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- +goose StatementBegin
CREATE FUNCTION tell_videos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.course_id, o.title, o.position, o.duration_seconds)
                IS DISTINCT FROM (n.id, n.course_id, n.title, n.position, n.duration_seconds)
            LIMIT 1001
        ) r, LATERAL (VALUES
            ('video:' || id), ('course:' || old_course || '.videos'), ('course:' || new_course || '.videos')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, course_id FROM touched LIMIT 1001) r,
                  LATERAL (VALUES ('video:' || id), ('course:' || course_id || '.videos')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.course_id, o.user_id, o.rating, o.body, o.created_at)
                IS DISTINCT FROM (n.id, n.course_id, n.user_id, n.rating, n.body, n.created_at)
            LIMIT 1001
        ) r, LATERAL (VALUES
            ('review:' || id), ('course:' || old_course || '.reviews'), ('course:' || new_course || '.reviews')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, course_id FROM touched LIMIT 1001) r,
                  LATERAL (VALUES ('review:' || id), ('course:' || course_id || '.reviews')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- An inserted or deleted enrollment changes the counter of its course, whose trigger records the
-- tag of the instructor. An updated enrollment does not, and a concurrent transaction may be
-- changing the instructor of the course. Such a transaction locks all enrollments of the course
-- (hold_enrollments), so the instructor that is read here is that of the commit. A transaction with
-- an older snapshot cannot know the instructor, and records "*".
-- +goose StatementBegin
CREATE FUNCTION tell_enrollments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.user_id AS old_user, n.user_id AS new_user,
                   o.course_id AS old_course, n.course_id AS new_course,
                   (o.id, o.course_id, o.enrolled_at, o.completed_at IS NOT NULL OR o.progress = 100)
                       IS DISTINCT FROM (n.id, n.course_id, n.enrolled_at, n.completed_at IS NOT NULL OR n.progress = 100) AS counted
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.user_id, o.course_id, o.progress, o.enrolled_at, o.last_accessed_at, o.completed_at)
                IS DISTINCT FROM (n.id, n.user_id, n.course_id, n.progress, n.enrolled_at, n.last_accessed_at, n.completed_at)
            LIMIT 1001
        ) r, LATERAL (
            VALUES ('enrollment:' || id),
                ('user:' || old_user || '.enrollments'), ('user:' || new_user || '.enrollments'),
                ('course:' || old_course || '.enrollments'), ('course:' || new_course || '.enrollments')
            UNION ALL
            SELECT CASE WHEN current_setting('transaction_isolation') = 'read committed' THEN 'teaching:' || c.instructor_id ELSE '*' END
            FROM courses c WHERE counted AND c.id IN (old_course, new_course)
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, user_id, course_id FROM touched LIMIT 1001) r, LATERAL (VALUES
                  ('enrollment:' || id), ('user:' || user_id || '.enrollments'), ('course:' || course_id || '.enrollments')
              ) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hold_enrollments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM enrollments WHERE course_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_reassigned AFTER UPDATE OF instructor_id ON courses
    FOR EACH ROW WHEN (OLD.instructor_id <> NEW.instructor_id) EXECUTE FUNCTION hold_enrollments();

-- +goose StatementBegin
CREATE FUNCTION tell_video_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || user_id || '.progress') AS tags FROM (
            SELECT DISTINCT v.user_id
            FROM old_rows o FULL JOIN new_rows n ON (n.id, n.created_at) = (o.id, o.created_at),
                LATERAL (VALUES (o.user_id), (n.user_id)) v (user_id)
            WHERE v.user_id IS NOT NULL AND (o.id, o.user_id, o.video_id, o.progress_seconds, o.watched_at)
                IS DISTINCT FROM (n.id, n.user_id, n.video_id, n.progress_seconds, n.watched_at)
            LIMIT 1001
        ) r) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || user_id || '.progress') AS tags
              FROM (SELECT DISTINCT user_id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_course_related() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT 'course:' || coalesce(o.course_id, n.course_id) || '.related') AS tags
              FROM old_rows o FULL JOIN new_rows n ON (n.course_id, n.rank) = (o.course_id, o.rank)
              WHERE o.related_id IS DISTINCT FROM n.related_id) t
        WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('course:' || course_id || '.related') AS tags
              FROM (SELECT DISTINCT course_id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_course_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags) SELECT '{words}' WHERE EXISTS (SELECT FROM new_rows);
    ELSE
        INSERT INTO changes (tags) SELECT '{words}' WHERE EXISTS (SELECT FROM touched);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

SELECT watch_changes(t::regclass, 'tell_' || t)
FROM unnest('{users,categories,courses,videos,reviews,enrollments,video_progress,course_related,course_words}'::text[]) t;

-- A statement that names a partition runs the triggers of that partition only.
SELECT watch_changes(inhrelid::regclass, 'tell_video_progress') FROM pg_inherits WHERE inhparent = 'video_progress'::regclass;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION ensure_progress_partitions(since timestamptz, until timestamptz) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    lo timestamp := date_trunc('month', since AT TIME ZONE 'UTC');
    part text;
    made integer := 0;
BEGIN
    -- Two servers may start at the same time.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_progress_partitions'));
    WHILE lo <= until AT TIME ZONE 'UTC' LOOP
        part := 'video_progress_' || to_char(lo, 'YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE video_progress INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
            EXECUTE format(
                'WITH moved AS (DELETE FROM video_progress_default WHERE created_at >= $1 AND created_at < $2 RETURNING *)
                 INSERT INTO %I SELECT * FROM moved', part)
            USING lo AT TIME ZONE 'UTC', (lo + interval '1 month') AT TIME ZONE 'UTC';
            EXECUTE format('ALTER TABLE video_progress ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                part, lo AT TIME ZONE 'UTC', (lo + interval '1 month') AT TIME ZONE 'UTC');
            PERFORM watch_changes(part::regclass, 'tell_video_progress');
            made := made + 1;
        END IF;
        lo := lo + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
-- +goose StatementEnd

-- Writes changed rows only: most courses have the same related courses in successive refreshes, and
-- responses that show them stay valid.
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION ensure_progress_partitions(since timestamptz, until timestamptz) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    lo timestamp := date_trunc('month', since AT TIME ZONE 'UTC');
    part text;
    made integer := 0;
BEGIN
    -- Two servers may start at the same time.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_progress_partitions'));
    WHILE lo <= until AT TIME ZONE 'UTC' LOOP
        part := 'video_progress_' || to_char(lo, 'YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE video_progress INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
            EXECUTE format(
                'WITH moved AS (DELETE FROM video_progress_default WHERE created_at >= $1 AND created_at < $2 RETURNING *)
                 INSERT INTO %I SELECT * FROM moved', part)
            USING lo AT TIME ZONE 'UTC', (lo + interval '1 month') AT TIME ZONE 'UTC';
            EXECUTE format('ALTER TABLE video_progress ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                part, lo AT TIME ZONE 'UTC', (lo + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        lo := lo + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_related(course_ids bigint[]) RETURNS void LANGUAGE sql AS $$
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
DROP FUNCTION tell_users(), tell_categories(), tell_courses(), tell_videos(), tell_reviews(), tell_enrollments(),
    tell_video_progress(), tell_course_related(), tell_course_words(), tell_everything(), hold_enrollments(),
    rating_part(double precision), enrollment_part(integer) CASCADE;
DROP FUNCTION watch_changes(regclass, text);
DROP TABLE changes;
