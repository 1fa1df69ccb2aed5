-- +goose Up
-- Search compares texts in one form, search_text, for documents and queries alike.

-- The twin of edu.SearchText, which documents the form. It uses neither the locale of the database
-- nor unaccent, whose rules depend on the version of PostgreSQL: the tables below are those of
-- edu/search_text.go.
-- +goose StatementBegin
CREATE FUNCTION search_text(source text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    t text COLLATE "C" := lower(replace(source, '♯', '#') COLLATE "C");
    plain boolean := octet_length(t) = char_length(t);
    paired CONSTANT text := '\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3041-\u309f'
            '\u30a1-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3'
            '\U00020000-\U0003ffff';
BEGIN
    IF NOT plain THEN
        t := lower(regexp_replace(normalize(t, NFKD), '[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2'
            '\u05c4-\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc'
            '\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff'
            '\u200b-\u200f\u2060-\u2064\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]+', '', 'g') COLLATE "C");
    END IF;
    IF strpos(t, '++') > 0 OR strpos(t, '#') > 0 OR strpos(t, '.net') > 0 THEN
        t := regexp_replace(t, '(?<![a-z0-9])([a-z])\+\+', '\1plusplus ', 'g');
        t := regexp_replace(t, '(?<![a-z0-9])([a-z])#(?![a-z])', '\1sharp ', 'g');
        t := regexp_replace(t, '\.net(?![a-z])', ' dotnet net ', 'g');
    END IF;
    t := btrim(regexp_replace(t, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7'
            '\u02c2-\u02c5\u02d2-\u02df\u037e\u0387\u055a-\u055f\u0589-\u058a\u05be'
            '\u05c0\u05c3\u05f3-\u05f4\u060c-\u060d\u061b-\u061f\u066a-\u066d\u06d4'
            '\u0964-\u0965\u0e2f\u0e3f\u0e5a-\u0e5b\u104a-\u104f\u1680\u17d4-\u17db'
            '\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2fff\u3000-\u3004'
            '\u3008-\u3020\u3030\u3036-\u3037\u303d-\u303f\u30a0\u30fb\ue000-\uf8ff'
            '\ufd3e-\ufd3f\ufe10-\ufe1f\ufe30-\ufe6f\ufff9-\uffff'
            '\U0001f000-\U0001faff\U000f0000-\U0010ffff]+', ' ', 'g'));
    IF plain OR octet_length(t) = char_length(t) THEN
        RETURN t;
    END IF;
    -- translate compares each letter with all of its table: one table for each alphabet.
    IF t ~ '[\u0391-\u03e0]' THEN
        t := translate(t, 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϘϚϜϞϠ', 'αβγδεζηθικλμνξοπρστυφχψωσϙϛϝϟϡ');
    END IF;
    IF t ~ '[\u0402-\u042f]' THEN
        t := translate(t, 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏ', 'абвгдежзийклмнопрстуфхцчшщъыьэюяђєѕіјљњћџ');
    END IF;
    IF t ~ '[\u0490-\u04fe]' THEN
        t := translate(t, 'ҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾ', 'ґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿ');
    END IF;
    IF t ~ '[\u0531-\u0556]' THEN
        t := translate(t, 'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ', 'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ');
    END IF;
    IF t ~ '[\u00c6-\u0257\u1e9e]' THEN
        t := translate(t, 'ØøĐđŁłĦħŦŧŊŋıƏÐðƁɓƊɗƘƙ', 'ooddllhhttnniəddbbddkk');
        t := replace(replace(replace(replace(t, 'ẞ', 'ss'), 'ß', 'ss'), 'Æ', 'ae'), 'æ', 'ae');
        t := replace(replace(replace(replace(t, 'Œ', 'oe'), 'œ', 'oe'), 'Þ', 'th'), 'þ', 'th');
    END IF;
    t := normalize(t, NFC);
    IF t ~ ('[' || paired || ']') THEN
        t := regexp_replace(t, '([' || paired || '])(?=[^ ' || paired || '])', '\1 ', 'g');
        t := regexp_replace(t, '([^ ' || paired || '])(?=[' || paired || '])', '\1 ', 'g');
        t := regexp_replace(t, '(?<=[' || paired || '])([' || paired || '])(?=[' || paired || '])', '\1 \1', 'g');
    END IF;
    RETURN t;
END $$;
-- +goose StatementEnd

-- The words of a text as the english configuration stems them, and beside them the words that it
-- changes or leaves out: the start of a word that is still being typed matches the whole word, and
-- a title of stop words alone is found.
CREATE FUNCTION words_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('english', words)
        || ts_delete(to_tsvector('simple', words), tsvector_to_array(to_tsvector('english', words)));

CREATE FUNCTION tag_keys(tags text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT search_text(tag) FROM unnest(tags) AS tag);

DROP TRIGGER courses_words_updated ON courses;
ALTER TABLE courses
    DROP COLUMN search_vector,
    -- search_text of the instructor's name, maintained by triggers.
    ADD COLUMN instructor_key text NOT NULL DEFAULT '';
UPDATE courses c SET instructor_key = search_text(u.name) FROM users u WHERE u.id = c.instructor_id;
ALTER TABLE courses
    ADD COLUMN title_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_text(title)) STORED,
    ADD COLUMN tag_keys text[] NOT NULL GENERATED ALWAYS AS (tag_keys(tags)) STORED,
    -- Weights: title A, description B, tags C, name of the instructor D.
    ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (
        setweight(words_vector(search_text(title)), 'A')
        || setweight(to_tsvector('english', search_text(description)), 'B')
        || setweight(words_vector(search_text(tags_text(tags))), 'C')
        || setweight(words_vector(instructor_key), 'D')) STORED;

-- Query.searchCourses.
CREATE INDEX courses_search ON courses USING gin (search_vector) WHERE published;
-- Query.searchCourses: titles that equal the text. Query.searchSuggestions: titles that start with it.
DROP INDEX courses_title_exact;
CREATE INDEX courses_title_key ON courses (title_key) WHERE published;
-- Query.searchSuggestions: titles that contain a similar word.
DROP INDEX courses_title_trigram;
CREATE INDEX courses_title_trigram ON courses USING gin (title_key gin_trgm_ops) WHERE published;
-- CourseFilter.tags.
DROP INDEX courses_tags;
CREATE INDEX courses_tags ON courses USING gin (tag_keys) WHERE published;

-- A course has the name that its instructor has. A rename waits for transactions that create
-- courses of the instructor, because both lock the row of the instructor; a course that is created
-- during a rename waits for it. The rename takes its lock before the update: a lock of the new row
-- would not stop readers of the old one.
-- +goose StatementBegin
CREATE FUNCTION set_instructor_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT search_text(name) INTO NEW.instructor_key FROM users WHERE id = NEW.instructor_id FOR KEY SHARE;
    -- Without an instructor, the foreign key rejects the row.
    NEW.instructor_key := coalesce(NEW.instructor_key, '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_instructor_key BEFORE INSERT OR UPDATE OF instructor_id, instructor_key ON courses
    FOR EACH ROW EXECUTE FUNCTION set_instructor_key();

-- +goose StatementBegin
CREATE FUNCTION lock_instructor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM users WHERE id = OLD.id FOR UPDATE;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_renaming BEFORE UPDATE OF name ON users
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION lock_instructor();

-- +goose StatementBegin
CREATE FUNCTION rename_instructor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM courses WHERE instructor_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses SET instructor_key = '' WHERE instructor_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_renamed AFTER UPDATE OF name ON users
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION rename_instructor();

-- The words of the courses for spelling corrections, as search_text has them: without pairs of
-- letters and words with a digit.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- An import contains each word hundreds of times, so words are made distinct before they are
    -- matched. Sorted, so that two writers queue instead of deadlocking.
    IF TG_OP = 'INSERT' THEN
        WITH words AS MATERIALIZED (
            SELECT DISTINCT word FROM new_rows,
                string_to_table(title_key || ' ' || search_text(description || ' ' || tags_text(tags)) || ' ' || instructor_key, ' ') AS word)
        INSERT INTO course_words
        SELECT word FROM words WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]' ORDER BY word
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO course_words
        SELECT DISTINCT word FROM
            string_to_table(NEW.title_key || ' ' || search_text(NEW.description || ' ' || tags_text(NEW.tags)) || ' ' || NEW.instructor_key, ' ') AS word
        WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]' ORDER BY word
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_words_updated AFTER UPDATE OF title, description, tags, instructor_id, instructor_key ON courses
    FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.description <> NEW.description OR OLD.tags <> NEW.tags OR OLD.instructor_key <> NEW.instructor_key)
    EXECUTE FUNCTION learn_words();
INSERT INTO course_words
SELECT DISTINCT word FROM courses, string_to_table(title_key || ' ' || search_text(description || ' ' || tags_text(tags)) || ' ' || instructor_key, ' ') AS word
WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]' ORDER BY word
ON CONFLICT DO NOTHING;

-- The name of the instructor is part of the text of a course.
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
                   (o.title, o.description) IS DISTINCT FROM (n.title, n.description) AS worded,
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
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Sorted, so that two writers queue instead of deadlocking.
    IF TG_OP = 'INSERT' THEN
        WITH words AS MATERIALIZED (
            SELECT DISTINCT word FROM new_rows,
                unnest(tsvector_to_array(to_tsvector('simple', title || ' ' || description || ' ' || tags_text(tags)))) AS word)
        INSERT INTO course_words
        SELECT word FROM words WHERE word ~ '^[[:alpha:]]{3,40}$' ORDER BY word
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
DROP FUNCTION rename_instructor(), lock_instructor(), set_instructor_key() CASCADE;
DROP TRIGGER courses_words_updated ON courses;
ALTER TABLE courses DROP COLUMN search_vector, DROP COLUMN tag_keys, DROP COLUMN title_key, DROP COLUMN instructor_key;
DROP FUNCTION tag_keys(text[]), words_vector(text), search_text(text);
ALTER TABLE courses ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', description), 'B')
    || setweight(to_tsvector('english', tags_text(tags)), 'C')) STORED;
CREATE TRIGGER courses_words_updated AFTER UPDATE OF title, description, tags ON courses
    FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.description <> NEW.description OR OLD.tags <> NEW.tags)
    EXECUTE FUNCTION learn_words();
CREATE INDEX courses_search ON courses USING gin (search_vector) WHERE published;
CREATE INDEX courses_title_exact ON courses (lower(title)) WHERE published;
CREATE INDEX courses_title_trigram ON courses USING gin (lower(title) gin_trgm_ops) WHERE published;
CREATE INDEX courses_tags ON courses USING gin (tags) WHERE published;
