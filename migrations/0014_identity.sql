-- +goose Up
-- A random id of this database. A dump carries it, so identify_database combines it with what a
-- dump does not carry. A copy that serves beside its original under the same system identifier and
-- oid, such as a promoted standby or a cloned disk, needs an id of its own:
--   UPDATE database_identity SET id = gen_random_uuid();
CREATE TABLE database_identity (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id     uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO database_identity DEFAULT VALUES;

-- Identifies the database of the session.
-- origin: which database. A restart and a failover leave it unchanged; a restore into a new
-- cluster or a new database changes it.
-- history: which sequence of commits. It changes when committed rows may have been lost or replaced
-- without a row in changes: by a restore, a promotion (timeline), a restart (a crash may lose the
-- last commits if synchronous_commit is off; PostgreSQL resets its statistics in such a recovery),
-- a re-created table, and triggers that are created, dropped, disabled or enabled.
-- A provider may forbid the functions of system identifier and timeline: "-" stands for these.
-- +goose StatementBegin
CREATE FUNCTION identify_database(OUT origin text, OUT history text, OUT standby boolean) LANGUAGE plpgsql STABLE AS $$
DECLARE
    system   text := '-';
    timeline text := '-';
BEGIN
    standby := pg_is_in_recovery();
    BEGIN
        SELECT c.system_identifier INTO STRICT system FROM pg_control_system() c;
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN
    END;
    BEGIN
        IF NOT standby THEN -- pg_control_checkpoint() has the new timeline only after a checkpoint
            timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
        END IF;
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN
    END;
    SELECT concat_ws('/', system, d.oid, i.id) INTO STRICT origin
    FROM database_identity i, pg_database d WHERE d.datname = current_database();
    -- A dump restores the triggers after all rows, so the last change of the history is after them.
    SELECT concat_ws('/', timeline, extract(epoch FROM pg_postmaster_start_time()),
        extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()), 'changes'::regclass::oid,
        hashtextextended(string_agg(t.oid || ' ' || t.xmin, ',' ORDER BY t.oid), 0)) INTO STRICT history
    FROM pg_trigger t WHERE NOT t.tgisinternal;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION identify_database();
DROP TABLE database_identity;
