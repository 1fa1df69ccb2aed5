-- +goose Up
-- Trusted documents: the operations that released clients may send.
CREATE TABLE documents (
    id              text PRIMARY KEY CHECK (id <> ''),
    operation       text        NOT NULL,
    body            text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- From this time on, clients that send the document get an error that requires an update, to
    -- that version.
    retired_at      timestamptz,
    minimum_version text        NOT NULL DEFAULT ''
);

-- A counter of the changes of documents, incremented in the transaction of each change and polled
-- by servers. (A timestamp would not do: a later commit may have an earlier time.)
CREATE TABLE documents_version (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO documents_version (version) VALUES (0);

-- Uses of a document, one row for each version of a client.
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
