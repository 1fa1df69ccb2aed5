-- +goose Up
-- Totals and facets of the common filters are sums of these rows instead of counts of courses. A row is a number of
-- published courses: either those of a category, a difficulty, a price and a language, or, with the other columns null,
-- those with ratings in one part (rating_part).
--
-- Writers append differences and never update a row, so they neither wait for each other nor deadlock. A transaction sees
-- exactly the differences of the courses that it sees. Now and then, a writer replaces rows by their sums.
CREATE TABLE course_counts (
    category_id bigint,
    difficulty  text,
    free        boolean,
    language    text,
    rating_part integer,
    n           bigint NOT NULL
);

-- The rows that count a course, none for a draft.
-- +goose StatementBegin
CREATE FUNCTION course_cells(published boolean, category_id bigint, difficulty text, price numeric, language text, rating double precision)
RETURNS TABLE (category_id bigint, difficulty text, free boolean, language text, rating_part integer) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT category_id, difficulty, price = 0, language, NULL::integer WHERE published
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, rating_part(rating) WHERE published;
$$;
-- +goose StatementEnd

-- Replaces rows by their sums. Rows that another transaction is replacing are left alone.
-- +goose StatementBegin
CREATE FUNCTION sum_course_counts() RETURNS void LANGUAGE sql AS $$
    WITH summands AS (
        DELETE FROM course_counts WHERE ctid = ANY (ARRAY(SELECT ctid FROM course_counts FOR UPDATE SKIP LOCKED)) RETURNING *
    )
    INSERT INTO course_counts
    SELECT category_id, difficulty, free, language, rating_part, sum(n) FROM summands GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_course_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM course_counts;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO course_counts
        SELECT d.*, count(*) FROM new_rows c, course_cells(c.published, c.category_id, c.difficulty, c.price, c.language, c.rating_average) d
        GROUP BY 1, 2, 3, 4, 5;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO course_counts
        SELECT d.*, -count(*) FROM old_rows c, course_cells(c.published, c.category_id, c.difficulty, c.price, c.language, c.rating_average) d
        GROUP BY 1, 2, 3, 4, 5;
    ELSE
        INSERT INTO course_counts
        SELECT d.category_id, d.difficulty, d.free, d.language, d.rating_part, sum(d.n) FROM (
            SELECT *, 1 AS n FROM course_cells(NEW.published, NEW.category_id, NEW.difficulty, NEW.price, NEW.language, NEW.rating_average)
            UNION ALL
            SELECT *, -1 FROM course_cells(OLD.published, OLD.category_id, OLD.difficulty, OLD.price, OLD.language, OLD.rating_average)) d
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(d.n) <> 0;
    END IF;
    -- In a stricter isolation, a row that another transaction has replaced meanwhile would be an error.
    IF random() < 0.01 AND current_setting('transaction_isolation') = 'read committed' THEN
        PERFORM sum_course_counts();
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_cells_inserted AFTER INSERT ON courses
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_course_cells();
CREATE TRIGGER courses_cells_deleted AFTER DELETE ON courses
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_course_cells();
CREATE TRIGGER courses_cells_truncated AFTER TRUNCATE ON courses
    FOR EACH STATEMENT EXECUTE FUNCTION count_course_cells();
-- For each row: a statement trigger would compare the rows of each enrollment, which counts in courses.
CREATE TRIGGER courses_count_cells AFTER UPDATE ON courses
    FOR EACH ROW WHEN ((OLD.published, OLD.category_id, OLD.difficulty, OLD.price = 0, OLD.language, rating_part(OLD.rating_average))
        IS DISTINCT FROM (NEW.published, NEW.category_id, NEW.difficulty, NEW.price = 0, NEW.language, rating_part(NEW.rating_average)))
    EXECUTE FUNCTION count_course_cells();

-- The rows that exist.
INSERT INTO course_counts
SELECT d.*, count(*) FROM courses c, course_cells(c.published, c.category_id, c.difficulty, c.price, c.language, c.rating_average) d
GROUP BY 1, 2, 3, 4, 5;

-- +goose Down
DROP FUNCTION count_course_cells() CASCADE;
DROP FUNCTION sum_course_counts(), course_cells(boolean, bigint, text, numeric, text, double precision);
DROP TABLE course_counts;
