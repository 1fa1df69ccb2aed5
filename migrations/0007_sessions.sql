-- +goose Up
-- A session is a family of refresh tokens: each is spent for the next. It begins
-- with a sign-in and is over when it is revoked or its last token has expired.
CREATE TABLE sessions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When it was signed out of, or a spent token of it was sent again.
    revoked_at timestamptz
);
-- The sessions of a user, and their end with the user's.
CREATE INDEX sessions_user ON sessions (user_id);

-- Spent tokens stay until they expire: that is how a stolen one is noticed.
CREATE TABLE refresh_tokens (
    -- SHA-256: who reads this table cannot sign in with it. Nothing slower is
    -- needed, because a token is 32 random bytes.
    hash       bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id bigint      NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz
);
-- Whether a session has tokens left, and their end with the session's.
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
-- The job that deletes what has expired.
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);

-- +goose Down
DROP TABLE refresh_tokens, sessions;
