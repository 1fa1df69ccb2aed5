-- +goose Up
-- The last run of each background job. A server that runs a job renews its lease, so that no other one does;
-- the lease of a server that died expires. Session locks would outlive their job behind a connection pooler.
CREATE TABLE jobs (
    name         text PRIMARY KEY,
    run          text NOT NULL,                -- identifies the run that holds the lease
    leased_until timestamptz NOT NULL,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,                  -- null while the first run is in progress
    succeeded_at timestamptz,
    milliseconds bigint NOT NULL DEFAULT 0,    -- of the last run that finished
    failures     integer NOT NULL DEFAULT 0,   -- since the last success
    error        text NOT NULL DEFAULT ''      -- of the last run
);

-- +goose Down
DROP TABLE jobs;
