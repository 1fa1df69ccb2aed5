-- +goose Up
-- The responses to writes with an Idempotency-Key, stored for 24 hours.
CREATE TABLE idempotent_answers (
    -- SHA-256 of the sender and the key.
    key        bytea       PRIMARY KEY CHECK (octet_length(key) = 32),
    -- Encrypted, because it may contain tokens: only a sender of the same key and the same request
    -- can decrypt it.
    answer     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Encrypted data cannot be compressed, so PostgreSQL does not try.
ALTER TABLE idempotent_answers ALTER answer SET STORAGE EXTERNAL;
-- The job that deletes expired responses.
CREATE INDEX idempotent_answers_created ON idempotent_answers (created_at);

-- +goose Down
DROP TABLE idempotent_answers;
