-- +goose Up
-- The words of the courses, for spelling corrections of searches. Words are added by the statement
-- that writes them, and never removed: a correction is offered only if it matches a course.
CREATE TABLE course_words (word text PRIMARY KEY);
-- didYouMean: the nearest word.
CREATE INDEX course_words_trigram ON course_words USING gist (word gist_trgm_ops);

-- +goose StatementBegin
CREATE FUNCTION learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Sorted, so that two writers queue instead of deadlocking.
    IF TG_OP = 'INSERT' THEN
        INSERT INTO course_words
        SELECT DISTINCT word FROM new_rows,
            unnest(tsvector_to_array(to_tsvector('simple', title || ' ' || description || ' ' || tags_text(tags)))) AS word
        WHERE word ~ '^[[:alpha:]]{3,40}$' ORDER BY word
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO course_words
        SELECT word FROM
            unnest(tsvector_to_array(to_tsvector('simple', NEW.title || ' ' || NEW.description || ' ' || tags_text(NEW.tags)))) AS word
        WHERE word ~ '^[[:alpha:]]{3,40}$' ORDER BY word
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_words_inserted AFTER INSERT ON courses
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION learn_words();
CREATE TRIGGER courses_words_updated AFTER UPDATE OF title, description, tags ON courses
    FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.description <> NEW.description OR OLD.tags <> NEW.tags)
    EXECUTE FUNCTION learn_words();

-- +goose Down
DROP FUNCTION learn_words() CASCADE;
DROP TABLE course_words;
