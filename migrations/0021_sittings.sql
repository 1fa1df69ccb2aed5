-- +goose Up
-- video_progress has one row for each sitting: the events of one user and video of which each is at most
-- 30 minutes after the one before. watched_seconds is the time watched, which edu.WatchHistory computes
-- from the events. events is null for a sitting whose events are not known: its watch time stays as it is.
DROP INDEX video_progress_watched, video_progress_video;
ALTER TABLE video_progress
    ADD watched_seconds integer NOT NULL DEFAULT 0 CHECK (watched_seconds >= 0),
    ADD events bytea;

-- Rows of before are single events. Each sitting is merged into the row of its last event, whose created_at
-- is the latest: the CHECK constraint of 0001_tables.sql holds for it.
CREATE TEMP TABLE merged ON COMMIT DROP AS
WITH points AS (
    SELECT p.user_id, p.video_id, p.watched_at, max(least(p.progress_seconds, v.duration_seconds)) AS seconds,
           (array_agg(p.id ORDER BY p.created_at DESC, p.id DESC))[1] AS id, max(p.created_at) AS created_at
    FROM video_progress p JOIN videos v ON v.id = p.video_id GROUP BY p.user_id, p.video_id, p.watched_at
), steps AS (
    SELECT *, watched_at - lag(watched_at) OVER w AS passed, seconds - coalesce(lag(seconds) OVER w, 0) AS growth
    FROM points WINDOW w AS (PARTITION BY user_id, video_id ORDER BY watched_at)
), sittings AS (
    SELECT *, count(*) FILTER (WHERE passed > interval '30 minutes') OVER (PARTITION BY user_id, video_id ORDER BY watched_at) AS sitting,
           greatest(0, least(growth, 2 * extract(epoch FROM passed))) AS watched
    FROM steps
)
SELECT (array_agg(id ORDER BY watched_at DESC))[1] AS id, (array_agg(created_at ORDER BY watched_at DESC))[1] AS created_at,
       max(seconds) AS progress_seconds, floor(sum(watched))::integer AS watched_seconds
FROM sittings GROUP BY user_id, video_id, sitting;
CREATE INDEX ON merged (id);
ANALYZE merged;
DELETE FROM video_progress p WHERE NOT EXISTS (SELECT FROM merged m WHERE m.id = p.id);
UPDATE video_progress p SET progress_seconds = m.progress_seconds, watched_seconds = m.watched_seconds
FROM merged m WHERE m.id = p.id AND m.created_at = p.created_at;
DROP TABLE merged;

-- Dashboard.watchTimeSeconds and watchTime, from the index alone.
CREATE INDEX video_progress_watched ON video_progress (user_id, watched_at) INCLUDE (watched_seconds, created_at);
-- Video.viewerProgress, recordVideoProgress, enrollments in a course that was watched before, the figures
-- of a course, and the end of a video.
CREATE INDEX video_progress_video ON video_progress (video_id, user_id, watched_at);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_video_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || user_id || '.progress') AS tags FROM (
            SELECT DISTINCT v.user_id
            FROM old_rows o FULL JOIN new_rows n ON (n.id, n.created_at) = (o.id, o.created_at),
                LATERAL (VALUES (o.user_id), (n.user_id)) v (user_id)
            WHERE v.user_id IS NOT NULL AND (o.id, o.user_id, o.video_id, o.progress_seconds, o.watched_seconds, o.watched_at)
                IS DISTINCT FROM (n.id, n.user_id, n.video_id, n.progress_seconds, n.watched_seconds, n.watched_at)
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

-- As in 0006_precomputed.sql, with the time watched.
DROP MATERIALIZED VIEW course_analytics;
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
-- Responses that show figures of before are not valid any more, and a view has no trigger.
INSERT INTO changes (tags) VALUES ('{*}');

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_video_progress() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP MATERIALIZED VIEW course_analytics;
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
LEFT JOIN (SELECT v.course_id, sum(p.progress_seconds) AS seconds
           FROM video_progress p JOIN videos v ON v.id = p.video_id GROUP BY v.course_id) w ON w.course_id = c.id;
CREATE UNIQUE INDEX course_analytics_course ON course_analytics (course_id);
DROP INDEX video_progress_watched, video_progress_video;
ALTER TABLE video_progress DROP watched_seconds, DROP events;
CREATE INDEX video_progress_watched ON video_progress (user_id, watched_at) INCLUDE (progress_seconds, created_at);
CREATE INDEX video_progress_video ON video_progress (user_id, video_id);
INSERT INTO changes (tags) VALUES ('{*}');
