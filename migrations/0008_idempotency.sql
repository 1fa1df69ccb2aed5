-- +goose Up
-- The answers to writes that were sent with an Idempotency-Key, for 24 hours.
CREATE TABLE idempotent_answers (
    -- SHA-256 of who sent the key and the key.
    key        bytea       PRIMARY KEY CHECK (octet_length(key) = 32),
    -- Encrypted, because it may hold tokens: only who sends the same key and the
    -- same request again can open it.
    answer     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- What is encrypted cannot be compressed: do not try.
ALTER TABLE idempotent_answers ALTER answer SET STORAGE EXTERNAL;
-- The job that deletes what has expired.
CREATE INDEX idempotent_answers_created ON idempotent_answers (created_at);

-- +goose Down
DROP TABLE idempotent_answers;
