-- +goose Up
-- Query.suggest completes names too: of categories and instructors with published courses, and the
-- tags of these courses. Their courses are counted by triggers, in the transaction that changes
-- them: an invalidation of the courses covers the terms.
CREATE TABLE search_terms (
    kind         text   NOT NULL CHECK (kind IN ('category', 'tag', 'instructor')),
    id           bigint NOT NULL, -- of the category or the user, 0 for a tag
    key          text   COLLATE "C" NOT NULL, -- search_text of the name
    text         text   NOT NULL, -- '' for an instructor, whose name users has
    course_count bigint NOT NULL,
    PRIMARY KEY (kind, id, key)
);
-- Query.suggest: names that start with the text, contain all its words, or contain a similar word.
CREATE INDEX search_terms_key ON search_terms (key);
CREATE INDEX search_terms_words ON search_terms USING gin (to_tsvector('simple', key));
CREATE INDEX search_terms_trigram ON search_terms USING gin (key gin_trgm_ops);

-- The terms of a course, none of a draft.
-- +goose StatementBegin
CREATE FUNCTION course_terms(published boolean, tags text[], tag_keys text[], instructor_id bigint, instructor_key text)
RETURNS TABLE (kind text, id bigint, key text, text text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 'tag', 0::bigint, u.key, min(u.tag) FROM unnest(tags, tag_keys) u (tag, key)
    WHERE published AND u.key <> '' GROUP BY u.key
    UNION ALL
    SELECT 'instructor', instructor_id, instructor_key, '' WHERE published AND instructor_key <> '';
$$;
-- +goose StatementEnd

-- Adds numbers of courses to terms. Sorted, so that two writers queue instead of deadlocking.
-- +goose StatementBegin
CREATE FUNCTION add_to_search_terms(kinds text[], ids bigint[], keys text[], texts text[], counts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_terms AS t (kind, id, key, text, course_count)
    SELECT * FROM unnest(kinds, ids, keys, texts, counts) d (kind, id, key, text, n) ORDER BY kind, id, key
    ON CONFLICT (kind, id, key) DO UPDATE SET course_count = t.course_count + excluded.course_count;
    DELETE FROM search_terms t USING unnest(kinds, ids, keys, counts) d (kind, id, key, n)
    WHERE (t.kind, t.id, t.key) = (d.kind, d.id, d.key) AND d.n < 0 AND t.course_count <= 0;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_course_terms() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kinds text[]; ids bigint[]; keys text[]; texts text[]; counts bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM search_terms WHERE kind IN ('tag', 'instructor');
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(d.kind), array_agg(d.id), array_agg(d.key), array_agg(d.text), array_agg(d.n) INTO kinds, ids, keys, texts, counts
        FROM (SELECT t.kind, t.id, t.key, min(t.text) AS text, count(*) AS n
              FROM new_rows c, course_terms(c.published, c.tags, c.tag_keys, c.instructor_id, c.instructor_key) t GROUP BY 1, 2, 3) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(d.kind), array_agg(d.id), array_agg(d.key), array_agg(d.text), array_agg(-d.n) INTO kinds, ids, keys, texts, counts
        FROM (SELECT t.kind, t.id, t.key, min(t.text) AS text, count(*) AS n
              FROM old_rows c, course_terms(c.published, c.tags, c.tag_keys, c.instructor_id, c.instructor_key) t GROUP BY 1, 2, 3) d;
    ELSE
        SELECT array_agg(d.kind), array_agg(d.id), array_agg(d.key), array_agg(d.text), array_agg(d.n) INTO kinds, ids, keys, texts, counts
        FROM (SELECT t.kind, t.id, t.key, min(t.text) AS text, sum(t.n) AS n FROM (
                SELECT *, 1 AS n FROM course_terms(NEW.published, NEW.tags, NEW.tag_keys, NEW.instructor_id, NEW.instructor_key)
                UNION ALL
                SELECT *, -1 FROM course_terms(OLD.published, OLD.tags, OLD.tag_keys, OLD.instructor_id, OLD.instructor_key)) t
              GROUP BY 1, 2, 3 HAVING sum(t.n) <> 0) d;
    END IF;
    IF kinds IS NOT NULL THEN
        PERFORM add_to_search_terms(kinds, ids, keys, texts, counts);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_terms_inserted AFTER INSERT ON courses
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_course_terms();
CREATE TRIGGER courses_terms_deleted AFTER DELETE ON courses
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_course_terms();
CREATE TRIGGER courses_terms_truncated AFTER TRUNCATE ON courses
    FOR EACH STATEMENT EXECUTE FUNCTION count_course_terms();
-- For each row: a statement trigger would compare the rows of each enrollment, which counts in courses.
-- Its name comes before that of courses_instructor_changed, whose update is the later one.
CREATE TRIGGER courses_count_terms AFTER UPDATE ON courses
    FOR EACH ROW WHEN ((OLD.published, OLD.tags, OLD.instructor_id, OLD.instructor_key)
        IS DISTINCT FROM (NEW.published, NEW.tags, NEW.instructor_id, NEW.instructor_key))
    EXECUTE FUNCTION count_course_terms();

-- The term of a category, and its words for spelling corrections. Its row is locked by the update
-- of the name or the number of courses.
-- +goose StatementBegin
CREATE FUNCTION set_category_term() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    name_key text := search_text(NEW.name);
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM search_terms WHERE kind = 'category';
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search_terms WHERE kind = 'category' AND id = OLD.id
            AND (TG_OP = 'DELETE' OR id <> NEW.id OR key <> name_key OR NEW.course_count <= 0);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.course_count > 0 AND name_key <> '' THEN
        INSERT INTO search_terms VALUES ('category', NEW.id, name_key, NEW.name, NEW.course_count)
        ON CONFLICT (kind, id, key) DO UPDATE SET text = excluded.text, course_count = excluded.course_count;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO course_words
        SELECT DISTINCT word FROM string_to_table(name_key, ' ') AS word
        WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]' ORDER BY word
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER categories_term AFTER INSERT OR DELETE OR UPDATE OF id, name, course_count ON categories
    FOR EACH ROW EXECUTE FUNCTION set_category_term();
CREATE TRIGGER categories_term_truncated AFTER TRUNCATE ON categories
    FOR EACH STATEMENT EXECUTE FUNCTION set_category_term();

-- The rows that exist.
INSERT INTO search_terms (kind, id, key, text, course_count)
SELECT t.kind, t.id, t.key, min(t.text), count(*)
FROM courses c, course_terms(c.published, c.tags, c.tag_keys, c.instructor_id, c.instructor_key) t GROUP BY 1, 2, 3;
UPDATE categories SET name = name;

-- Words that start with a text except for one letter: inserted, deleted, replaced, or swapped with its
-- neighbour. Each row has a pattern of such words, and the start that all of them have.
CREATE FUNCTION start_edits(typed text) RETURNS TABLE (start text, pattern text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT e.start, e.pattern FROM generate_series(1, length(typed)) n,
        LATERAL (VALUES (left(typed, n - 1) || substr(typed, n + 1)),
            (left(typed, n - 1) || substr(typed, n + 1, 1) || substr(typed, n, 1) || substr(typed, n + 2))) v (edited),
        LATERAL (VALUES (v.edited, v.edited || ''%''),
            (left(typed, n - 1), left(typed, n - 1) || ''_'' || substr(typed, n + 1) || ''%''),
            (left(typed, n - 1), left(typed, n - 1) || ''_'' || substr(typed, n) || ''%'')) e (start, pattern)
    GROUP BY 1, 2';
-- didYouMean: words that start with a text except for one letter.
CREATE INDEX course_words_start ON course_words (word COLLATE "C");

-- The language of a course's videos, a BCP 47 language tag, for filters and facets.
ALTER TABLE courses ADD COLUMN language text CHECK (length(language) <= 35);
-- Query.searchCourses: the facet of the languages, from the index alone.
CREATE INDEX courses_language ON courses (language) WHERE published;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_courses() RETURNS trigger LANGUAGE plpgsql AS $$
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
                   (o.tags, o.difficulty, o.price, o.duration_seconds, o.language)
                       IS DISTINCT FROM (n.tags, n.difficulty, n.price, n.duration_seconds, n.language) AS filtered,
                   o.title IS DISTINCT FROM n.title AS titled,
                   (o.title, o.description, o.instructor_key)
                       IS DISTINCT FROM (n.title, n.description, n.instructor_key) AS worded,
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
            (CASE WHEN listed AND titled THEN 'courses.titles' END),
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_courses() RETURNS trigger LANGUAGE plpgsql AS $$
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
                   o.title IS DISTINCT FROM n.title AS titled,
                   (o.title, o.description, o.instructor_key)
                       IS DISTINCT FROM (n.title, n.description, n.instructor_key) AS worded,
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
            (CASE WHEN listed AND titled THEN 'courses.titles' END),
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
ALTER TABLE courses DROP COLUMN language;
DROP INDEX course_words_start;
DROP FUNCTION start_edits(text);
DROP FUNCTION set_category_term(), count_course_terms() CASCADE;
DROP FUNCTION add_to_search_terms(text[], bigint[], text[], text[], bigint[]), course_terms(boolean, text[], text[], bigint, text);
DROP TABLE search_terms;
