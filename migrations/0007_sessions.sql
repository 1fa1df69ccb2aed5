-- +goose Up
-- A session is a family of refresh tokens: each is exchanged for the next. It starts with a
-- sign-in, and ends when it is revoked or its last token expires.
CREATE TABLE sessions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The time of the sign-out, or of the reuse of a spent token.
    revoked_at timestamptz
);
-- The sessions of a user, and their deletion with the user.
CREATE INDEX sessions_user ON sessions (user_id);

-- Spent tokens stay until they expire, to detect the reuse of a stolen token.
CREATE TABLE refresh_tokens (
    -- SHA-256, so that a reader of this table cannot sign in with it. A slower hash is not needed,
    -- because a token is 32 random bytes.
    hash       bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id bigint      NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz
);
-- The remaining tokens of a session, and their deletion with the session.
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
-- The job that deletes expired tokens.
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);

-- +goose Down
DROP TABLE refresh_tokens, sessions;
