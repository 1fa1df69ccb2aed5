-- +goose Up
-- What users see of their sessions. The device is the one of the sign-in: "Firefox on Linux". The last use is the
-- latest refresh, which writes the session anyway; null before the first one, and not computed for the sessions that
-- exist: that would read all refresh tokens while no request can read a session.
ALTER TABLE sessions ADD device text CHECK (length(device) <= 100), ADD last_used_at timestamptz;

-- +goose Down
ALTER TABLE sessions DROP device, DROP last_used_at;
