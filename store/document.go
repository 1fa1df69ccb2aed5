package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Document is a trusted document as it is kept.
type Document struct {
	ID, Operation, Body string
	RetiredAt           *time.Time
	MinimumVersion      string
}

// DocumentUse is how a version of a client uses a document.
type DocumentUse struct {
	Document, Client, Version string
	Last                      time.Time
	Times                     int64
}

// DocumentsVersion reads a number that moves with every change of documents.
func DocumentsVersion(into *int64) Query {
	return sql("DocumentsVersion", "SELECT version FROM documents_version").into(scanKey(into))
}

// Documents reads all documents, by id.
func Documents(into func(Document)) Query {
	s := sql("Documents", "SELECT id, operation, body, retired_at, minimum_version FROM documents ORDER BY id")
	return s.into(func(rows pgx.Rows) error {
		var d Document
		err := rows.Scan(&d.ID, &d.Operation, &d.Body, &d.RetiredAt, &d.MinimumVersion)
		into(d)
		return err
	})
}

// DocumentUses reads who used documents since a time, the latest use first.
func DocumentUses(since time.Time, into func(DocumentUse)) Query {
	s := sql("DocumentUses", "SELECT document, client, version, last_used, times FROM document_uses WHERE last_used >= ")
	return s.add(s.arg(since), " ORDER BY last_used DESC, document, client, version").into(func(rows pgx.Rows) error {
		var u DocumentUse
		err := rows.Scan(&u.Document, &u.Client, &u.Version, &u.Last, &u.Times)
		into(u)
		return err
	})
}

// PushDocuments adds documents, all or none. One that is there stays as it is; an
// id that is there for another text is edu.Conflict, because clients that were
// released with it would get another answer.
func (s *Store) PushDocuments(ctx context.Context, list []Document) (added int, err error) {
	ids, operations, bodies := make([]string, len(list)), make([]string, len(list)), make([]string, len(list))
	for i, d := range list {
		ids[i], operations[i], bodies[i] = d.ID, d.Operation, d.Body
	}
	err = s.Write(ctx, func(tx *Tx) error {
		insert := sql("PushDocuments", "WITH made AS (INSERT INTO documents (id, operation, body) SELECT * FROM unnest(")
		insert.add(insert.arg(ids), "::text[], ", insert.arg(operations), "::text[], ", insert.arg(bodies),
			"::text[]) ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM made")
		taken := ""
		other := sql("TakenDocument", "SELECT d.id FROM documents d JOIN unnest(")
		other.add(other.arg(ids), "::text[], ", other.arg(bodies), "::text[]) AS t (id, body) ON t.id = d.id AND t.body <> d.body ORDER BY d.id LIMIT 1")
		err := tx.Run(ctx, changeDocuments(), insert.into(scanInt(&added)),
			other.into(func(rows pgx.Rows) error { return rows.Scan(&taken) }))
		if err == nil && taken != "" {
			err = edu.Errorf(edu.Conflict, "the id %s is there for another text: a document never changes, give the new one a new id", taken)
		}
		return err
	})
	return added, err
}

// RetireDocument makes a document answer that its client must be updated, to a
// version of at least minimum, "" for any. It is edu.NotFound if there is none.
func (s *Store) RetireDocument(ctx context.Context, id, minimum string) error {
	retire := sql("RetireDocument", "UPDATE documents SET retired_at = coalesce(retired_at, now()), minimum_version = ")
	return s.changeDocument(ctx, id, retire.add(retire.arg(minimum)))
}

// RestoreDocument has a retired document answered again. It is edu.NotFound if there
// is none.
func (s *Store) RestoreDocument(ctx context.Context, id string) error {
	return s.changeDocument(ctx, id, sql("RestoreDocument", "UPDATE documents SET retired_at = NULL, minimum_version = ''"))
}

func (s *Store) changeDocument(ctx context.Context, id string, update *statement) error {
	update.add(" WHERE id = ", update.arg(id), " RETURNING 1")
	return s.Write(ctx, func(tx *Tx) error {
		found := 0
		if err := tx.Run(ctx, changeDocuments(), update.into(scanInt(&found))); err != nil {
			return err
		}
		if found == 0 {
			return edu.Errorf(edu.NotFound, "there is no document with the id %s", id)
		}
		return nil
	})
}

func changeDocuments() Query {
	return sql("ChangeDocuments", "UPDATE documents_version SET version = version + 1").into(nil)
}

// RecordDocumentUses adds uses to those that are known. They must be in the order
// of their keys, so that two servers do not wait for each other.
func (s *Store) RecordDocumentUses(ctx context.Context, uses []DocumentUse) error {
	n := len(uses)
	documents, clients, versions := make([]string, n), make([]string, n), make([]string, n)
	last, times := make([]time.Time, n), make([]int64, n)
	for i, u := range uses {
		documents[i], clients[i], versions[i], last[i], times[i] = u.Document, u.Client, u.Version, u.Last, u.Times
	}
	q := sql("RecordDocumentUses", "INSERT INTO document_uses AS u (document, client, version, last_used, times) SELECT * FROM unnest(")
	q.add(q.arg(documents), "::text[], ", q.arg(clients), "::text[], ", q.arg(versions), "::text[], ", q.arg(last), "::timestamptz[], ", q.arg(times), `::bigint[])
		ON CONFLICT (document, client, version) DO UPDATE SET last_used = greatest(u.last_used, excluded.last_used), times = u.times + excluded.times`)
	return s.Write(ctx, func(tx *Tx) error { return tx.Commit(ctx, q.into(nil)) })
}
