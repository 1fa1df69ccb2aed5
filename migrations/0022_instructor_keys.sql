-- +goose Up
-- A trigger before updates of courses made PostgreSQL compute their generated columns, which hold the
-- words of a course, again with each change of its counters.
DROP TRIGGER courses_instructor_key ON courses;
CREATE TRIGGER courses_instructor_key BEFORE INSERT ON courses
    FOR EACH ROW EXECUTE FUNCTION set_instructor_key();

-- +goose StatementBegin
CREATE FUNCTION change_instructor_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    instructor text;
BEGIN
    SELECT search_text(name) INTO instructor FROM users WHERE id = NEW.instructor_id FOR KEY SHARE;
    UPDATE courses SET instructor_key = instructor WHERE id = NEW.id AND instructor_key <> instructor;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_instructor_changed AFTER UPDATE OF instructor_id, instructor_key ON courses
    FOR EACH ROW WHEN (OLD.instructor_id <> NEW.instructor_id OR OLD.instructor_key <> NEW.instructor_key)
    EXECUTE FUNCTION change_instructor_key();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rename_instructor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM courses WHERE instructor_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses SET instructor_key = search_text(NEW.name) WHERE instructor_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rename_instructor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM courses WHERE instructor_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses SET instructor_key = '' WHERE instructor_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER courses_instructor_changed ON courses;
DROP FUNCTION change_instructor_key();
DROP TRIGGER courses_instructor_key ON courses;
CREATE TRIGGER courses_instructor_key BEFORE INSERT OR UPDATE OF instructor_id, instructor_key ON courses
    FOR EACH ROW EXECUTE FUNCTION set_instructor_key();
