-- +goose Up
-- A search ranks each course that matches, for which it reads the search vector. Most rows are a little longer than 2 kB,
-- from where on PostgreSQL moves the longest value out of the row: that was the vector, so each match had six pages to
-- read instead of one. Rows up to 4 kB stay whole, from the next change of their texts or VACUUM FULL on.
ALTER TABLE courses SET (toast_tuple_target = 4080);

-- +goose Down
ALTER TABLE courses RESET (toast_tuple_target);
