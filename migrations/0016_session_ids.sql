-- +goose Up
-- Ids of sessions are random: after a restore of the database, an access token of a discarded session
-- must not belong to a session that is started later. 62 random bits of a UUID make them.
ALTER TABLE sessions ALTER COLUMN id DROP IDENTITY;
ALTER TABLE sessions ALTER COLUMN id SET DEFAULT
    (('x' || right(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint & 4611686018427387903);

-- +goose Down
ALTER TABLE sessions ALTER COLUMN id DROP DEFAULT;
ALTER TABLE sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('sessions', 'id'), greatest((SELECT max(id) FROM sessions), 1));
