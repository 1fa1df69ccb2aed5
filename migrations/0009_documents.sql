-- +goose Up
-- Trusted documents: the operations that released clients are known to send.
CREATE TABLE documents (
    id              text PRIMARY KEY CHECK (id <> ''),
    operation       text        NOT NULL,
    body            text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Clients that send it from then on are told to update, to that version.
    retired_at      timestamptz,
    minimum_version text        NOT NULL DEFAULT ''
);

-- Counts the changes of documents, in the transaction that makes them: servers
-- look whether it has moved. (A time would not do: what is committed later may
-- have the earlier time.)
CREATE TABLE documents_version (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO documents_version (version) VALUES (0);

-- Who uses a document, a row for each version of a client.
CREATE TABLE document_uses (
    document  text        NOT NULL,
    client    text        NOT NULL,
    version   text        NOT NULL,
    last_used timestamptz NOT NULL,
    times     bigint      NOT NULL,
    PRIMARY KEY (document, client, version)
);

-- +goose Down
DROP TABLE document_uses, documents_version, documents;
