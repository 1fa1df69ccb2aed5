-- +goose Up
-- The figures of 0006_precomputed.sql as tables. A refresh applies what was written since the refresh before: its cost
-- depends on the number of these writes, not on the size of the database.

-- What was written since the last refresh: differences of sums, and keys whose figures are computed from their rows. A
-- transaction adds its rows itself, and a refresh deletes the rows in its snapshot: each counts once, whenever it commits.
-- Exactly one row, of the last refresh, has complete = true. The table is not in the WAL. After a crash or on a promoted
-- standby it is empty, and as without that row, or with one of a TRUNCATE (complete = false), all figures are computed.
CREATE UNLOGGED TABLE analytics_changes (
    user_id     bigint,   -- whose last activity may have changed
    active_at   timestamptz, -- a lower bound of the last activity, null if it may have become earlier
    course_id   bigint,   -- of the sums below, or that was inserted or deleted, or whose videos were
    video_id    bigint,   -- of watched_seconds
    day         date,     -- of enrollments
    users       bigint,
    enrollments bigint,
    progress    numeric,
    completions bigint,
    reviews     bigint,
    ratings     bigint,
    watched_seconds bigint,
    complete    boolean
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The sums of a course. A row is narrow and no index has a sum, so that updates stay in their page.
CREATE TABLE course_figures (
    course_id          bigint  PRIMARY KEY,
    enrollments        bigint  NOT NULL,
    progress           numeric NOT NULL,
    completions        bigint  NOT NULL,
    reviews            bigint  NOT NULL,
    ratings            bigint  NOT NULL,
    watch_time_seconds bigint  NOT NULL
) WITH (fillfactor = 80);

-- Watch time by video: rows of video_progress do not have their course, and a deleted video has none any more.
CREATE TABLE video_figures (
    video_id           bigint PRIMARY KEY,
    watch_time_seconds bigint NOT NULL
) WITH (fillfactor = 80);

-- Readers see the figures of the last refresh before this migration until the first one after it.
ALTER MATERIALIZED VIEW course_analytics RENAME TO old_course_analytics;
INSERT INTO course_figures
SELECT course_id, total_enrollments, average_progress * total_enrollments, completions, total_reviews,
       coalesce(round(average_rating * total_reviews), 0), watch_time_seconds
FROM old_course_analytics;

ALTER MATERIALIZED VIEW platform_totals RENAME TO old_platform_totals;
ALTER INDEX platform_totals_id RENAME TO old_platform_totals_id;
CREATE TABLE platform_totals (
    id           integer     CONSTRAINT platform_totals_id PRIMARY KEY CHECK (id = 1),
    users        bigint      NOT NULL,
    enrollments  bigint      NOT NULL,
    completions  bigint      NOT NULL,
    refreshed_at timestamptz NOT NULL, -- of all figures
    partitions   oid[]       NOT NULL  -- of video_progress, by that refresh
);
INSERT INTO platform_totals SELECT id, users, enrollments, completions, refreshed_at, '{}' FROM old_platform_totals;

ALTER MATERIALIZED VIEW platform_days RENAME TO old_platform_days;
ALTER INDEX platform_days_day RENAME TO old_platform_days_day;
CREATE TABLE platform_days (day date CONSTRAINT platform_days_day PRIMARY KEY, enrollments bigint NOT NULL);
INSERT INTO platform_days SELECT day, enrollments FROM old_platform_days;

ALTER MATERIALIZED VIEW active_days RENAME TO old_active_days;
ALTER INDEX active_days_day RENAME TO old_active_days_day;
CREATE TABLE active_days (day date CONSTRAINT active_days_day PRIMARY KEY, users bigint NOT NULL);
INSERT INTO active_days SELECT day, users FROM old_active_days;

ALTER MATERIALIZED VIEW user_activity RENAME TO old_user_activity;
ALTER INDEX user_activity_user RENAME TO old_user_activity_user;
ALTER INDEX user_activity_at RENAME TO old_user_activity_at;
CREATE TABLE user_activity (user_id bigint NOT NULL, active_at timestamptz NOT NULL);
INSERT INTO user_activity SELECT user_id, active_at FROM old_user_activity;
ALTER TABLE user_activity ADD CONSTRAINT user_activity_user PRIMARY KEY (user_id);
CREATE INDEX user_activity_at ON user_activity (active_at);

DROP MATERIALIZED VIEW old_active_days, old_user_activity, old_platform_days, old_platform_totals, old_course_analytics;

CREATE VIEW course_analytics AS
SELECT f.course_id,
       f.enrollments                                           AS total_enrollments,
       coalesce(f.progress / nullif(f.enrollments, 0), 0)      AS average_progress,
       f.completions,
       f.ratings::numeric / nullif(f.reviews, 0)               AS average_rating,
       f.reviews                                               AS total_reviews,
       f.watch_time_seconds,
       t.refreshed_at
FROM course_figures f CROSS JOIN platform_totals t;

-- The recorders add to analytics_changes, once for each statement. An UPDATE adds one row for each key.

-- +goose StatementBegin
CREATE FUNCTION record_enrollments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO analytics_changes (user_id, active_at, course_id, day, enrollments, progress, completions)
        SELECT user_id, greatest(enrolled_at, last_accessed_at, completed_at), course_id, (enrolled_at AT TIME ZONE 'UTC')::date, 1, progress,
               (completed_at IS NOT NULL OR progress = 100)::int
        FROM touched;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO analytics_changes (user_id, course_id, day, enrollments, progress, completions)
        SELECT user_id, course_id, (enrolled_at AT TIME ZONE 'UTC')::date, -1, -progress, -(completed_at IS NOT NULL OR progress = 100)::int
        FROM touched;
    ELSE
        INSERT INTO analytics_changes (user_id, active_at, course_id, day, enrollments, progress, completions)
        SELECT user_id, CASE WHEN max(at) FILTER (WHERE n = 1) >= max(at) FILTER (WHERE n = -1) THEN max(at) END,
               course_id, (enrolled_at AT TIME ZONE 'UTC')::date, sum(n), sum(n * progress),
               sum(n * (completed_at IS NOT NULL OR progress = 100)::int)
        FROM (SELECT 1 AS n, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows) u,
            LATERAL (SELECT greatest(enrolled_at, last_accessed_at, completed_at) AS at) l
        GROUP BY user_id, course_id, 4;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION record_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO analytics_changes (course_id, reviews, ratings) SELECT course_id, 1, rating FROM touched;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO analytics_changes (course_id, reviews, ratings) SELECT course_id, -1, -rating FROM touched;
    ELSE
        INSERT INTO analytics_changes (course_id, reviews, ratings)
        SELECT course_id, sum(n), sum(n * rating)
        FROM (SELECT 1 AS n, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows) u GROUP BY 1;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION record_video_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO analytics_changes (user_id, active_at, video_id, watched_seconds)
        SELECT user_id, watched_at, video_id, watched_seconds FROM touched;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO analytics_changes (user_id, video_id, watched_seconds) SELECT user_id, video_id, -watched_seconds FROM touched;
    ELSE
        INSERT INTO analytics_changes (user_id, active_at, video_id, watched_seconds)
        SELECT user_id, CASE WHEN max(watched_at) FILTER (WHERE n = 1) >= max(watched_at) FILTER (WHERE n = -1) THEN max(watched_at) END,
               video_id, sum(n * watched_seconds)
        FROM (SELECT 1 AS n, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows) u GROUP BY user_id, video_id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION record_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_changes (users)
    SELECT CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM touched HAVING count(*) > 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION record_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_changes (course_id) SELECT id FROM touched;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- An inserted video has no watch time.
-- +goose StatementBegin
CREATE FUNCTION record_videos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO analytics_changes (course_id) SELECT DISTINCT course_id FROM touched;
    ELSE
        INSERT INTO analytics_changes (course_id) VALUES (OLD.course_id), (NEW.course_id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION record_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_changes (complete) VALUES (false);
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Creates the triggers that record all changes of a table.
-- +goose StatementBegin
CREATE FUNCTION watch_figures(target regclass, recorder text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER figures_insert AFTER INSERT ON %s
        REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, recorder);
    EXECUTE format('CREATE TRIGGER figures_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, recorder);
    EXECUTE format('CREATE TRIGGER figures_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', target, recorder);
    EXECUTE format('CREATE TRIGGER figures_truncate AFTER TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION record_truncate()', target);
END $$;
-- +goose StatementEnd

SELECT watch_figures('enrollments', 'record_enrollments'), watch_figures('reviews', 'record_reviews'),
       watch_figures('video_progress', 'record_video_progress');
-- A statement that names a partition runs the triggers of that partition only.
SELECT watch_figures(inhrelid::regclass, 'record_video_progress') FROM pg_inherits WHERE inhparent = 'video_progress'::regclass;

CREATE TRIGGER figures_insert AFTER INSERT ON users
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_users();
CREATE TRIGGER figures_delete AFTER DELETE ON users
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_users();
CREATE TRIGGER figures_insert AFTER INSERT ON courses
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_courses();
CREATE TRIGGER figures_delete AFTER DELETE ON courses
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_courses();
CREATE TRIGGER figures_delete AFTER DELETE ON videos
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_videos();
CREATE TRIGGER figures_update AFTER UPDATE OF course_id ON videos
    FOR EACH ROW WHEN (OLD.course_id <> NEW.course_id) EXECUTE FUNCTION record_videos();
-- A TRUNCATE of these tables truncates enrollments too, because of their foreign keys.

-- As in 0011_changes.sql, with the triggers above.
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
            PERFORM watch_figures(part::regclass, 'record_video_progress');
            made := made + 1;
        END IF;
        lo := lo + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
-- +goose StatementEnd

-- The partitions of video_progress. No trigger records that one is attached, detached or dropped.
CREATE FUNCTION progress_partitions() RETURNS oid[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'video_progress'::regclass ORDER BY inhrelid)
$$;

-- Computes all figures from all rows, and writes the ones that differ.
-- +goose StatementBegin
CREATE FUNCTION compute_analytics() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH fresh AS MATERIALIZED (
        SELECT video_id, sum(watched_seconds) AS seconds FROM video_progress GROUP BY video_id
    ), gone AS (
        DELETE FROM video_figures f WHERE NOT EXISTS (SELECT FROM fresh WHERE fresh.video_id = f.video_id)
    )
    INSERT INTO video_figures AS f SELECT * FROM fresh
    ON CONFLICT (video_id) DO UPDATE SET watch_time_seconds = excluded.watch_time_seconds
    WHERE f.watch_time_seconds <> excluded.watch_time_seconds;

    DELETE FROM course_figures f WHERE NOT EXISTS (SELECT FROM courses c WHERE c.id = f.course_id);
    -- Each table is aggregated separately and then joined: enrollments and reviews in one FROM would multiply each other.
    INSERT INTO course_figures AS f
    SELECT c.id, coalesce(e.total, 0), coalesce(e.progress, 0), coalesce(e.completions, 0),
           coalesce(r.total, 0), coalesce(r.ratings, 0), coalesce(w.seconds, 0)
    FROM courses c
    LEFT JOIN (SELECT course_id, count(*) AS total, sum(progress) AS progress,
                      count(*) FILTER (WHERE completed_at IS NOT NULL OR progress = 100) AS completions
               FROM enrollments GROUP BY course_id) e ON e.course_id = c.id
    LEFT JOIN (SELECT course_id, count(*) AS total, sum(rating) AS ratings FROM reviews GROUP BY course_id) r ON r.course_id = c.id
    LEFT JOIN (SELECT v.course_id, sum(f.watch_time_seconds) AS seconds
               FROM video_figures f JOIN videos v ON v.id = f.video_id GROUP BY v.course_id) w ON w.course_id = c.id
    ON CONFLICT (course_id) DO UPDATE SET enrollments = excluded.enrollments, progress = excluded.progress,
        completions = excluded.completions, reviews = excluded.reviews, ratings = excluded.ratings,
        watch_time_seconds = excluded.watch_time_seconds
    WHERE f IS DISTINCT FROM excluded;

    WITH fresh AS MATERIALIZED (
        SELECT user_id, max(at) AS active_at
        FROM (SELECT user_id, max(watched_at) AS at FROM video_progress GROUP BY user_id
              UNION ALL
              SELECT user_id, max(greatest(enrolled_at, last_accessed_at, completed_at)) FROM enrollments GROUP BY user_id) a
        GROUP BY user_id
    ), gone AS (
        DELETE FROM user_activity a WHERE NOT EXISTS (SELECT FROM fresh WHERE fresh.user_id = a.user_id)
    )
    INSERT INTO user_activity AS a SELECT * FROM fresh
    ON CONFLICT (user_id) DO UPDATE SET active_at = excluded.active_at WHERE a.active_at <> excluded.active_at;

    DELETE FROM active_days;
    INSERT INTO active_days SELECT (active_at AT TIME ZONE 'UTC')::date, count(*) FROM user_activity GROUP BY 1;
    DELETE FROM platform_days;
    INSERT INTO platform_days SELECT (enrolled_at AT TIME ZONE 'UTC')::date, count(*) FROM enrollments GROUP BY 1;

    DELETE FROM platform_totals;
    INSERT INTO platform_totals
    SELECT 1, (SELECT count(*) FROM users), coalesce(sum(enrollments), 0), coalesce(sum(completions), 0), now(), progress_partitions()
    FROM course_figures;

    DELETE FROM analytics_changes;
    INSERT INTO analytics_changes (complete) VALUES (true);
END $$;
-- +goose StatementEnd

-- Adds what analytics_changes has to the figures.
-- +goose StatementBegin
CREATE FUNCTION apply_analytics_changes() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO video_figures AS f
    SELECT video_id, sum(watched_seconds) FROM analytics_changes WHERE video_id IS NOT NULL GROUP BY video_id
    ON CONFLICT (video_id) DO UPDATE SET watch_time_seconds = f.watch_time_seconds + excluded.watch_time_seconds;
    DELETE FROM video_figures f WHERE video_id IN (SELECT video_id FROM analytics_changes)
    AND NOT EXISTS (SELECT FROM videos v WHERE v.id = f.video_id);

    INSERT INTO course_figures AS f
    SELECT c.id, d.enrollments, d.progress, d.completions, d.reviews, d.ratings, coalesce(
        (SELECT sum(f.watch_time_seconds) FROM videos v JOIN video_figures f ON f.video_id = v.id WHERE v.course_id = c.id), 0)
    FROM (SELECT coalesce(a.course_id, v.course_id) AS course_id, coalesce(sum(enrollments), 0) AS enrollments, coalesce(sum(progress), 0) AS progress,
                 coalesce(sum(completions), 0) AS completions, coalesce(sum(reviews), 0) AS reviews, coalesce(sum(ratings), 0) AS ratings
          FROM analytics_changes a LEFT JOIN videos v ON v.id = a.video_id GROUP BY 1) d
    JOIN courses c ON c.id = d.course_id
    ON CONFLICT (course_id) DO UPDATE SET enrollments = f.enrollments + excluded.enrollments, progress = f.progress + excluded.progress,
        completions = f.completions + excluded.completions, reviews = f.reviews + excluded.reviews, ratings = f.ratings + excluded.ratings,
        watch_time_seconds = excluded.watch_time_seconds;
    DELETE FROM course_figures f WHERE course_id IN (SELECT course_id FROM analytics_changes)
    AND NOT EXISTS (SELECT FROM courses c WHERE c.id = f.course_id);

    -- Only if the last activity of a user may have become earlier, it is looked up in all rows of the user.
    WITH fresh AS MATERIALIZED (
        SELECT u.user_id, a.active_at AS was, CASE WHEN u.raised THEN greatest(a.active_at, u.active_at) ELSE greatest(
            (SELECT max(p.watched_at) FROM video_progress p WHERE p.user_id = u.user_id),
            (SELECT max(greatest(e.enrolled_at, e.last_accessed_at, e.completed_at)) FROM enrollments e WHERE e.user_id = u.user_id)) END AS active_at
        FROM (SELECT user_id, max(active_at) AS active_at, bool_and(active_at IS NOT NULL) AS raised
              FROM analytics_changes WHERE user_id IS NOT NULL GROUP BY user_id) u
        LEFT JOIN user_activity a ON a.user_id = u.user_id
    ), gone AS (
        DELETE FROM user_activity a USING fresh f WHERE f.user_id = a.user_id AND f.active_at IS NULL
    ), written AS (
        INSERT INTO user_activity SELECT user_id, active_at FROM fresh WHERE active_at IS NOT NULL AND active_at IS DISTINCT FROM was
        ON CONFLICT (user_id) DO UPDATE SET active_at = excluded.active_at
    )
    INSERT INTO active_days AS d
    SELECT (at AT TIME ZONE 'UTC')::date, sum(n)
    FROM fresh, LATERAL (VALUES (active_at, 1), (was, -1)) v (at, n) WHERE at IS NOT NULL GROUP BY 1 HAVING sum(n) <> 0
    ON CONFLICT (day) DO UPDATE SET users = d.users + excluded.users;
    DELETE FROM active_days WHERE users = 0;

    INSERT INTO platform_days AS d
    SELECT day, sum(enrollments) FROM analytics_changes WHERE day IS NOT NULL GROUP BY day HAVING sum(enrollments) <> 0
    ON CONFLICT (day) DO UPDATE SET enrollments = d.enrollments + excluded.enrollments;
    DELETE FROM platform_days WHERE enrollments = 0;

    UPDATE platform_totals t SET users = t.users + d.users, enrollments = t.enrollments + d.enrollments,
        completions = t.completions + d.completions, refreshed_at = now()
    FROM (SELECT coalesce(sum(users), 0) AS users, coalesce(sum(enrollments), 0) AS enrollments,
                 coalesce(sum(completions), 0) AS completions FROM analytics_changes) d;

    DELETE FROM analytics_changes WHERE complete IS NULL;
END $$;
-- +goose StatementEnd

-- Brings the figures up to the snapshot of its transaction. All its statements must have this one snapshot: what another
-- commits meanwhile would be in a figure, or would be deleted from analytics_changes, but not both. The caller locks
-- platform_totals before that snapshot is taken.
-- +goose StatementBegin
CREATE FUNCTION refresh_analytics() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') = 'read committed' THEN
        RAISE 'refresh_analytics needs REPEATABLE READ';
    END IF;
    -- At large scale, computing all figures costs as much as applying 400,000 changes.
    IF (SELECT bool_and(complete) AND count(*) <= 200000 FROM analytics_changes)
        AND EXISTS (SELECT FROM platform_totals WHERE partitions = progress_partitions()) THEN
        PERFORM apply_analytics_changes();
    ELSE
        PERFORM compute_analytics();
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION refresh_analytics(), apply_analytics_changes(), compute_analytics(), progress_partitions();
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
DROP FUNCTION record_enrollments(), record_reviews(), record_video_progress(), record_users(), record_courses(), record_videos(),
    record_truncate() CASCADE;
DROP FUNCTION watch_figures(regclass, text);
DROP VIEW course_analytics;
DROP TABLE user_activity, active_days, platform_days, platform_totals, video_figures, course_figures, analytics_changes;
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
LEFT JOIN (SELECT v.course_id, sum(p.watched_seconds) AS seconds
           FROM video_progress p JOIN videos v ON v.id = p.video_id GROUP BY v.course_id) w ON w.course_id = c.id;
CREATE UNIQUE INDEX course_analytics_course ON course_analytics (course_id);
CREATE MATERIALIZED VIEW platform_totals AS
SELECT 1 AS id,
       (SELECT count(*) FROM users) AS users,
       (SELECT count(*) FROM enrollments) AS enrollments,
       (SELECT count(*) FROM enrollments WHERE completed_at IS NOT NULL OR progress = 100) AS completions,
       now() AS refreshed_at;
CREATE UNIQUE INDEX platform_totals_id ON platform_totals (id);
CREATE MATERIALIZED VIEW platform_days AS
SELECT (enrolled_at AT TIME ZONE 'UTC')::date AS day, count(*) AS enrollments
FROM enrollments GROUP BY 1;
CREATE UNIQUE INDEX platform_days_day ON platform_days (day);
CREATE MATERIALIZED VIEW user_activity AS
SELECT user_id, max(at) AS active_at
FROM (SELECT user_id, max(watched_at) AS at FROM video_progress GROUP BY user_id
      UNION ALL
      SELECT user_id, max(greatest(enrolled_at, last_accessed_at, completed_at)) FROM enrollments GROUP BY user_id) a
GROUP BY user_id;
CREATE UNIQUE INDEX user_activity_user ON user_activity (user_id);
CREATE INDEX user_activity_at ON user_activity (active_at);
CREATE MATERIALIZED VIEW active_days AS
SELECT (active_at AT TIME ZONE 'UTC')::date AS day, count(*) AS users
FROM user_activity GROUP BY 1;
CREATE UNIQUE INDEX active_days_day ON active_days (day);
