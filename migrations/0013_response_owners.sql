-- +goose Up
-- The owner of a stored response, an account or (negative) an address without one, and the bytes
-- that it counts for. Both limit what is stored. Rows of the previous release count nothing, until
-- they expire after a day.
ALTER TABLE idempotent_answers ADD owner bigint NOT NULL DEFAULT 0, ADD bytes integer NOT NULL DEFAULT 0;
-- The stored bytes of an owner.
CREATE INDEX idempotent_answers_owner ON idempotent_answers (owner, created_at) INCLUDE (bytes);

-- +goose Down
DROP INDEX idempotent_answers_owner;
ALTER TABLE idempotent_answers DROP owner, DROP bytes;
