-- +goose Up
-- What students learn in a course, and what they need before: short lines.
ALTER TABLE courses
    ADD COLUMN learning_outcomes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN requirements      text[] NOT NULL DEFAULT '{}';

-- A section has the videos of its course from first_position to the first position of the next section. So the
-- videos of a section stand together after any write, and videos before the first section have none.
CREATE TABLE sections (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    course_id      bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    title          text        NOT NULL CHECK (title <> ''),
    position       integer     NOT NULL CHECK (position >= 1),
    first_position integer     NOT NULL CHECK (first_position >= 1),
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Serves Course.sections. Deferrable, so that positions can be swapped.
    UNIQUE (course_id, position) DEFERRABLE
);

-- The sections of a course begin in their order.
-- +goose StatementBegin
CREATE FUNCTION check_sections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT first_position, lag(first_position) OVER (PARTITION BY course_id ORDER BY position) AS before
                     FROM sections WHERE course_id IN (SELECT course_id FROM new_rows)) s
        WHERE before > first_position
    ) THEN
        RAISE check_violation USING CONSTRAINT = 'sections_order', MESSAGE = 'a section begins before the section that it follows';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sections_inserted AFTER INSERT ON sections
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_sections();
CREATE TRIGGER sections_updated AFTER UPDATE ON sections
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_sections();

-- +goose StatementBegin
CREATE FUNCTION tell_sections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.course_id, o.title, o.position, o.first_position)
                IS DISTINCT FROM (n.id, n.course_id, n.title, n.position, n.first_position)
            LIMIT 1001
        ) r, LATERAL (VALUES
            ('section:' || id), ('course:' || old_course || '.sections'), ('course:' || new_course || '.sections')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, course_id FROM touched LIMIT 1001) r,
                  LATERAL (VALUES ('section:' || id), ('course:' || course_id || '.sections')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
SELECT watch_changes('sections', 'tell_sections');

-- +goose Down
DROP TABLE sections;
DROP FUNCTION tell_sections(), check_sections();
ALTER TABLE courses DROP learning_outcomes, DROP requirements;
