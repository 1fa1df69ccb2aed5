-- +goose Up
-- The token of a session that was spent last, by its hash, and the salt from which its successor is
-- derived. A client that repeats a refresh within seconds receives the same successor. The salt alone
-- is of no use: the successor is derived from the secret of the spent token, which is not stored.
ALTER TABLE sessions ADD spent_token bytea CHECK (octet_length(spent_token) = 32),
    ADD successor_salt bytea CHECK (octet_length(successor_salt) = 16);

-- +goose Down
ALTER TABLE sessions DROP spent_token, DROP successor_salt;
