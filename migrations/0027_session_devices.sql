-- +goose Up
-- What users see of their sessions. The device is the one of the sign-in: "Firefox on Linux". The last
-- use is the latest sign-in or refresh, which write the session anyway.
ALTER TABLE sessions ADD device text CHECK (length(device) <= 100), ADD last_used_at timestamptz NOT NULL DEFAULT now();
UPDATE sessions s SET last_used_at =
    coalesce((SELECT max(t.created_at) FROM refresh_tokens t WHERE t.session_id = s.id), s.created_at);

-- +goose Down
ALTER TABLE sessions DROP device, DROP last_used_at;
