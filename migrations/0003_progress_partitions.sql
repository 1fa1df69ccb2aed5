-- +goose Up
-- The server creates the monthly partitions of video_progress ahead of time. The default partition
-- stores all other rows, so that no insert fails at the start of a month. Its rows move to the
-- partition of their month when that is created.
CREATE TABLE video_progress_default PARTITION OF video_progress DEFAULT;

-- +goose StatementBegin
CREATE FUNCTION ensure_progress_partitions(since timestamptz, until timestamptz) RETURNS integer
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

-- +goose Down
DROP FUNCTION ensure_progress_partitions(timestamptz, timestamptz);
DROP TABLE video_progress_default;
