-- +goose Up
-- Query.searchCourses of one word: the courses with the word in their title rank above all others.
CREATE INDEX courses_title_lexemes ON courses USING gin (ts_filter(search_vector, '{a}')) WHERE published;

-- +goose Down
DROP INDEX courses_title_lexemes;
