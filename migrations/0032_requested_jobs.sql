-- +goose Up
-- When a large import last requested a run of a job, which then need not wait for its interval.
ALTER TABLE jobs ADD COLUMN requested_at timestamptz;

-- +goose Down
ALTER TABLE jobs DROP COLUMN requested_at;
