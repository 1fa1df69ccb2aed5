-- +goose Up
-- The files of a video, as paths below MEDIA_BASE_URL, and whether all visitors may play it.
ALTER TABLE videos
    ADD COLUMN is_preview boolean NOT NULL DEFAULT false,
    ADD COLUMN media jsonb CHECK (jsonb_typeof(media) = 'object' AND media ? 'path');

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_videos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.course_id, o.title, o.position, o.duration_seconds, o.is_preview, o.media)
                IS DISTINCT FROM (n.id, n.course_id, n.title, n.position, n.duration_seconds, n.is_preview, n.media)
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_videos() RETURNS trigger LANGUAGE plpgsql AS $$
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
ALTER TABLE videos DROP COLUMN is_preview, DROP COLUMN media;
