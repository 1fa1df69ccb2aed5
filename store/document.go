package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Document is a trusted document.
type Document struct {
	ID, Operation, Body string
	PushedAt            time.Time // time of the last push
	RetiredAt           *time.Time
	MinimumVersion      string
	RetiredClients      map[string]string // minimum versions of the clients for which alone it is retired
}

// Retirement is what retires a document.
type Retirement struct {
	Document string
	// Client is the name of the client that must update, "" for all.
	Client string
	// MinimumVersion is the first version of the client that does not send the document, "" if unknown.
	MinimumVersion string
}

// DocumentUse records how often, and when last, a version of a client used a document.
type DocumentUse struct {
	Document, Client, Version string
	LastUsed                  time.Time
	Count                     int64
}

// DocumentsVersion reads a number that increases with every change of the documents.
func DocumentsVersion(into *int64) Query {
	return newStatement("DocumentsVersion", "SELECT version FROM documents_version").buildQuery(scanInt64(into))
}

// Documents reads all documents, ordered by id.
func Documents(into func(Document)) Query {
	s := newStatement("Documents", "SELECT id, operation, body, pushed_at, retired_at, minimum_version, "+
		"(SELECT jsonb_object_agg(r.client, r.minimum_version) FROM document_retirements r WHERE r.document = d.id) FROM documents d ORDER BY id")
	return s.buildQuery(func(rows pgx.Rows) error {
		var d Document
		err := rows.Scan(&d.ID, &d.Operation, &d.Body, &d.PushedAt, &d.RetiredAt, &d.MinimumVersion, &d.RetiredClients)
		into(d)
		return err
	})
}

// DocumentUses reads the uses of documents since a time, the latest first.
func DocumentUses(since time.Time, into func(DocumentUse)) Query {
	s := newStatement("DocumentUses", "SELECT document, client, version, last_used, times FROM document_uses WHERE last_used >= ")
	return s.addSQL(s.bindArg(since), " ORDER BY last_used DESC, document, client, version").buildQuery(func(rows pgx.Rows) error {
		var u DocumentUse
		err := rows.Scan(&u.Document, &u.Client, &u.Version, &u.LastUsed, &u.Count)
		into(u)
		return err
	})
}

// PushDocuments adds documents, all or none, and returns the number of new ones. Existing documents
// stay as they are, except for the time of their last push. An id that exists with another text is edu.Conflict, because released clients
// that send it would get another response.
func (s *Store) PushDocuments(ctx context.Context, list []Document) (added int, err error) {
	ids, operations, bodies := make([]string, len(list)), make([]string, len(list)), make([]string, len(list))
	for i, d := range list {
		ids[i], operations[i], bodies[i] = d.ID, d.Operation, d.Body
	}
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		insert := newStatement("PushDocuments", "WITH made AS (INSERT INTO documents (id, operation, body) SELECT * FROM unnest(")
		insert.addSQL(insert.bindArg(ids), "::text[], ", insert.bindArg(operations), "::text[], ", insert.bindArg(bodies),
			"::text[]) ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM made")
		renew := newStatement("RenewPush", "UPDATE documents SET pushed_at = now() WHERE id = ANY(")
		renew.addSQL(renew.bindArg(ids), "::text[])")
		taken := ""
		other := newStatement("TakenDocument", "SELECT d.id FROM documents d JOIN unnest(")
		other.addSQL(other.bindArg(ids), "::text[], ", other.bindArg(bodies), "::text[]) AS t (id, body) ON t.id = d.id AND t.body <> d.body ORDER BY d.id LIMIT 1")
		err := tx.RunQueries(ctx, bumpDocumentsVersion(), insert.buildQuery(scanNumber(&added)), renew.buildQuery(nil),
			other.buildQuery(func(rows pgx.Rows) error { return rows.Scan(&taken) }))
		if err == nil && taken != "" {
			err = edu.Errorf(edu.Conflict, "the id %s exists with another text: documents never change, use a new id", taken)
		}
		return err
	})
	return added, err
}

// RetireDocument retires a document, for one client or for all: requests that use it get an error. It
// returns edu.NotFound if there is no such document.
func (s *Store) RetireDocument(ctx context.Context, r Retirement) error {
	notFound := edu.Errorf(edu.NotFound, "no document with the id %s", r.Document)
	if r.Client == "" {
		retire := newStatement("RetireDocument", "UPDATE documents SET retired_at = coalesce(retired_at, now()), minimum_version = ")
		retire.addSQL(retire.bindArg(r.MinimumVersion), " WHERE id = ", retire.bindArg(r.Document), " RETURNING 1")
		return s.updateDocuments(ctx, notFound, retire)
	}
	retire := newStatement("RetireDocumentForClient", "INSERT INTO document_retirements (document, client, minimum_version) SELECT id, ")
	retire.addSQL(retire.bindArg(r.Client), ", ", retire.bindArg(r.MinimumVersion), " FROM documents WHERE id = ", retire.bindArg(r.Document),
		" ON CONFLICT (document, client) DO UPDATE SET minimum_version = excluded.minimum_version RETURNING 1")
	return s.updateDocuments(ctx, notFound, retire)
}

// RestoreDocument makes a retired document usable again: for a client that it was retired for, or for
// all clients. It returns edu.NotFound if there is no such document or no such client.
func (s *Store) RestoreDocument(ctx context.Context, id, client string) error {
	remove := newStatement("RestoreDocumentForClient", "DELETE FROM document_retirements WHERE document = ")
	remove.addSQL(remove.bindArg(id))
	if client != "" {
		remove.addSQL(" AND client = ", remove.bindArg(client), " RETURNING 1")
		return s.updateDocuments(ctx, edu.Errorf(edu.NotFound, "no document with the id %s that is retired for %s", id, client), remove)
	}
	restore := newStatement("RestoreDocument", "UPDATE documents SET retired_at = NULL, minimum_version = '' WHERE id = ")
	restore.addSQL(restore.bindArg(id), " RETURNING 1")
	return s.updateDocuments(ctx, edu.Errorf(edu.NotFound, "no document with the id %s", id), remove, restore)
}

// updateDocuments runs statements, of which the last returns a row for each document that it found.
// If there is none, it returns notFound.
func (s *Store) updateDocuments(ctx context.Context, notFound error, list ...*statement) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		found, queries := 0, []Query{bumpDocumentsVersion()}
		for i, update := range list {
			if i == len(list)-1 {
				queries = append(queries, update.buildQuery(scanNumber(&found)))
			} else {
				queries = append(queries, update.buildQuery(nil))
			}
		}
		if err := tx.RunQueries(ctx, queries...); err != nil {
			return err
		}
		if found == 0 {
			return notFound
		}
		return nil
	})
}

func bumpDocumentsVersion() Query {
	return newStatement("BumpDocumentsVersion", "UPDATE documents_version SET version = version + 1").buildQuery(nil)
}

const (
	// MaxClientsPerDocument is how many versions of clients have a row of their own for a document.
	// Headers name them, so anyone can invent more.
	MaxClientsPerDocument = 100
	// OtherClients is the client of the row that counts all further ones.
	OtherClients = "other"
	// DocumentUseTTL is how long a use is stored after the last one.
	DocumentUseTTL = 365 * 24 * time.Hour
)

// RecordDocumentUses adds uses to the stored ones. If a document has rows of MaxClientsPerDocument
// clients, the uses of new ones are added to its row of OtherClients; the clients with the most uses come
// first.
func (s *Store) RecordDocumentUses(ctx context.Context, uses []DocumentUse) error {
	n := len(uses)
	documents, clients, versions := make([]string, n), make([]string, n), make([]string, n)
	last, times := make([]time.Time, n), make([]int64, n)
	for i, u := range uses {
		documents[i], clients[i], versions[i], last[i], times[i] = u.Document, u.Client, u.Version, u.LastUsed, u.Count
	}
	// Two servers must not both add the last row.
	lock := newStatement("LockDocumentUses", "LOCK TABLE document_uses IN SHARE ROW EXCLUSIVE MODE")
	q := newStatement("RecordDocumentUses", `WITH added AS (
			SELECT a.*, u.document IS NOT NULL AS known,
				row_number() OVER (PARTITION BY a.document, u.document IS NULL ORDER BY a.times DESC, a.client, a.version) AS rank,
				coalesce(s.stored, 0) AS stored
			FROM unnest(`)
	q.addSQL(q.bindArg(documents), "::text[], ", q.bindArg(clients), "::text[], ", q.bindArg(versions), "::text[], ", q.bindArg(last), "::timestamptz[], ", q.bindArg(times), `::bigint[]) AS a (document, client, version, last_used, times)
			LEFT JOIN document_uses u USING (document, client, version)
			LEFT JOIN (SELECT document, count(*) AS stored FROM document_uses GROUP BY document) s USING (document)
		), bounded AS (
			SELECT document, last_used, times, known OR stored + rank <= `, q.bindArg(MaxClientsPerDocument), ` AS own, client, version FROM added
		)
		INSERT INTO document_uses AS u (document, client, version, last_used, times)
		SELECT document, CASE WHEN own THEN client ELSE `, q.bindArg(OtherClients), `::text END, CASE WHEN own THEN version ELSE '' END, max(last_used), sum(times)
		FROM bounded GROUP BY 1, 2, 3
		ON CONFLICT (document, client, version) DO UPDATE SET last_used = greatest(u.last_used, excluded.last_used), times = u.times + excluded.times`)
	return s.WriteInTx(ctx, func(tx *Tx) error { return tx.Commit(ctx, lock.buildQuery(nil), q.buildQuery(nil)) })
}

// DeleteUnusedDocumentUses deletes the uses that are older than DocumentUseTTL, and returns their number.
func (s *Store) DeleteUnusedDocumentUses(ctx context.Context) (uses int, err error) {
	err = s.maintain(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "-- name: DeleteUnusedDocumentUses\nDELETE FROM document_uses WHERE last_used < now() - $1::interval", DocumentUseTTL)
		uses = int(done.RowsAffected())
		return err
	})
	return uses, err
}
