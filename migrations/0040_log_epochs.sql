-- +goose Up
-- The epoch of each invalidation log in Redis that its servers use: see docs/caching-consistency.md.
CREATE TABLE log_epochs (
    log        text   PRIMARY KEY,
    epoch      text   NOT NULL,
    generation bigint NOT NULL -- one more for each epoch
);

-- +goose Down
DROP TABLE log_epochs;
