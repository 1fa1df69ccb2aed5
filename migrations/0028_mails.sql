-- +goose Up
-- When the user proved to receive the account's email: by a link in a mail.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id,
                   (o.id, o.name, o.avatar_url, o.role, o.created_at)
                       IS DISTINCT FROM (n.id, n.name, n.avatar_url, n.role, n.created_at) AS public,
                   (o.email, o.plan, o.preferences, o.active, o.last_login, o.email_verified_at)
                       IS DISTINCT FROM (n.email, n.plan, n.preferences, n.active, n.last_login, n.email_verified_at) AS private
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        ) r, LATERAL (VALUES
            (CASE WHEN public THEN 'user:' || id END),
            (CASE WHEN private THEN 'user:' || id || '.private' END)
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || id) AS tags FROM (SELECT id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- A verified email is that email only.
-- +goose StatementBegin
CREATE FUNCTION forget_verification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.email_verified_at := NULL;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_email_changed BEFORE UPDATE OF email ON users
    FOR EACH ROW WHEN (lower(OLD.email) <> lower(NEW.email)) EXECUTE FUNCTION forget_verification();

-- Mails that were requested and not sent yet. A row has no secret: the link of a mail is made when the
-- mail is sent. Rows exist for emails without an account too, so that a request does the same work for all.
CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('password_reset', 'email_verification')),
    email           text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    attempts        integer     NOT NULL DEFAULT 0,
    -- A server that sends the mail moves this ahead first, so that no other server sends it meanwhile.
    next_attempt_at timestamptz NOT NULL DEFAULT now()
);
-- One mail of a kind for an email at a time, and the mails of a deleted account.
CREATE UNIQUE INDEX outbox_email ON outbox (lower(email), kind);
-- The mails that are due.
CREATE INDEX outbox_next ON outbox (next_attempt_at);

-- The tokens in the links of mails.
CREATE TABLE account_tokens (
    -- SHA-256, as in refresh_tokens.
    hash       bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text        NOT NULL CHECK (kind IN ('password_reset', 'email_verification')),
    -- The email that the token was sent to. The token counts only while the account has it.
    email      text        NOT NULL,
    expires_at timestamptz NOT NULL
);
-- The tokens of a user that a change of the password ends, and their deletion with the user.
CREATE INDEX account_tokens_user ON account_tokens (user_id);
-- The job that deletes expired tokens.
CREATE INDEX account_tokens_expires ON account_tokens (expires_at);

-- +goose Down
DROP TABLE account_tokens, outbox;
DROP FUNCTION forget_verification() CASCADE;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id,
                   (o.id, o.name, o.avatar_url, o.role, o.created_at)
                       IS DISTINCT FROM (n.id, n.name, n.avatar_url, n.role, n.created_at) AS public,
                   (o.email, o.plan, o.preferences, o.active, o.last_login)
                       IS DISTINCT FROM (n.email, n.plan, n.preferences, n.active, n.last_login) AS private
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        ) r, LATERAL (VALUES
            (CASE WHEN public THEN 'user:' || id END),
            (CASE WHEN private THEN 'user:' || id || '.private' END)
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || id) AS tags FROM (SELECT id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
ALTER TABLE users DROP COLUMN email_verified_at;
