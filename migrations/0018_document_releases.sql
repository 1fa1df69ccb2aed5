-- +goose Up
-- The time of the last push. A document of the next release is in use, although no client has sent it
-- yet.
ALTER TABLE documents ADD pushed_at timestamptz NOT NULL DEFAULT now();
UPDATE documents SET pushed_at = created_at;

-- Retirements for the clients of one name, such as the app of one platform. documents.retired_at is the
-- retirement for all clients.
CREATE TABLE document_retirements (
    document        text        NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    client          text        NOT NULL CHECK (client <> ''),
    retired_at      timestamptz NOT NULL DEFAULT now(),
    minimum_version text        NOT NULL,
    PRIMARY KEY (document, client)
);

-- +goose Down
DROP TABLE document_retirements;
ALTER TABLE documents DROP pushed_at;
