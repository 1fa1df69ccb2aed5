-- +goose Up
-- Query.searchSuggestions, Query.suggest: the titles that start with a text and their numbers of
-- enrollments, from the index alone: thousands of titles start with a letter. An update of the number
-- of enrollments writes the indexes of a course anyway, because of courses_enrollments.
DROP INDEX courses_title_key;
CREATE INDEX courses_title_key ON courses (title_key) INCLUDE (title, enrollment_count) WHERE published;

-- +goose Down
DROP INDEX courses_title_key;
CREATE INDEX courses_title_key ON courses (title_key) WHERE published;
