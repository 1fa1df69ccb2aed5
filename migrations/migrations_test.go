package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"
)

// applied are the migrations that databases were made with, by how their SHA-256
// begins.
var applied = map[string]string{
	"0001_tables.sql":              "74d9360c257c74b9",
	"0002_counters.sql":            "3237e395c6dfcc21",
	"0003_progress_partitions.sql": "a54e57b217b27cfb",
	"0004_indexes.sql":             "a5e137f6a5d0a81d",
	"0005_vocabulary.sql":          "93ce9a24c397f932",
	"0006_precomputed.sql":         "a1e6e8fee1827569",
	"0007_sessions.sql":            "fadd4d5748b2fb1f",
	"0008_idempotency.sql":         "805fc534c27e4178",
	"0009_documents.sql":           "fa0dfa3bb324c13c",
	"0010_learn_words.sql":         "e75078537a4d1d1a",
	"0011_changes.sql":             "0d1cfd5307061f50",
	"0012_titles.sql":              "16d2179154543458",
}

// A migration that a database has is never run again: what is changed in its file
// comes to new databases only, and what follows it breaks on the others.
func TestMigrationsStay(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(applied) {
		t.Errorf("%d migrations of %d are left", len(files), len(applied))
	}
	for _, file := range files {
		text, err := FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if is := hex.EncodeToString(sum[:8]); is != applied[file] {
			t.Errorf("%s is %s and not %q: add a migration and leave this one; if it is the new one, add its sum", file, is, applied[file])
		}
	}
}
