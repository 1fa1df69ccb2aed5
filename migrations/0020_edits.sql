-- +goose Up
-- Words that differ by one letter: inserted, deleted, replaced, or swapped with its neighbour. Two
-- such words have a text in common if each lacks one letter or none, which an index finds.

-- A word without its first letter, without its second and so on, and the word itself. Words of less
-- than four letters have none: too many others differ by one letter only.
CREATE FUNCTION word_edits(word text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN length(word) < 4 THEN '{}'
        ELSE ARRAY(SELECT left(word, n - 1) || substr(word, n + 1) FROM generate_series(1, length(word)) n) || word END;

CREATE FUNCTION is_single_edit(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN a <> b AND CASE length(a) - length(b)
        WHEN 1 THEN b = ANY (word_edits(a))
        WHEN -1 THEN a = ANY (word_edits(b))
        WHEN 0 THEN EXISTS (
            SELECT FROM generate_series(1, length(a)) n
            WHERE left(a, n - 1) || substr(a, n + 1) = left(b, n - 1) || substr(b, n + 1)
                OR left(a, n - 1) || substr(a, n + 1, 1) || substr(a, n, 1) || substr(a, n + 2) = b)
        ELSE false END;

ALTER TABLE course_words ADD COLUMN edits text[] GENERATED ALWAYS AS (word_edits(word)) STORED;
-- didYouMean, and Query.searchSuggestions: words that differ by one letter.
CREATE INDEX course_words_edits ON course_words USING gin (edits);
-- Query.searchSuggestions: titles that contain all words.
CREATE INDEX courses_title_words ON courses USING gin (to_tsvector('simple', title_key)) WHERE published;

-- +goose Down
DROP INDEX courses_title_words;
ALTER TABLE course_words DROP COLUMN edits;
DROP FUNCTION is_single_edit(text, text), word_edits(text);
