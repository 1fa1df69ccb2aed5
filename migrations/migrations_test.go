package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"
)

// checksums holds the first 8 bytes of the SHA-256 of each released migration.
var checksums = map[string]string{
	"0001_tables.sql":              "0ad9a88343983c0d",
	"0002_counters.sql":            "3a36327f671d1216",
	"0003_progress_partitions.sql": "0a4a9e0b4b0def3b",
	"0004_indexes.sql":             "5482b32a6e62d5c2",
	"0005_vocabulary.sql":          "6b00c6da506679b0",
	"0006_precomputed.sql":         "32fd34e8ebd17588",
	"0007_sessions.sql":            "503a597815fa355e",
	"0008_idempotency.sql":         "fe26d0dc396449b5",
	"0009_documents.sql":           "2688bb198b26a6b4",
	"0010_learn_words.sql":         "9329899a3d7163ac",
	"0011_changes.sql":             "a297cf193db89f36",
	"0012_titles.sql":              "0d588dc4f752b9d8",
	"0013_response_owners.sql":     "07be96c378cb5468",
	"0014_identity.sql":            "78766f17d0c47382",
	"0015_account_claims.sql":      "5d22b392baf22e38",
	"0016_session_ids.sql":         "b5fdc448a3af8dbe",
	"0017_refresh_reuse.sql":       "8981750021522176",
	"0018_document_releases.sql":   "824f7d5f58b844ec",
	"0019_search.sql":              "1d2bf68f15b90069",
	"0020_edits.sql":               "21c729721701bbda",
	"0021_sittings.sql":            "73c3a74e8fa490fb",
	"0022_instructor_keys.sql":     "e0a46e286c5adfe3",
	"0023_search_terms.sql":        "0afc37ebb3097f33",
	"0024_reviews_profiles.sql":    "78a074101e6b88d8",
	"0025_wishes_certificates.sql": "ff3170767190c941",
	"0026_jobs.sql":                "82ca153275a1378d",
	"0027_session_devices.sql":     "57561406657febc5",
	"0028_mails.sql":               "8c9fb18d21d79c3b",
	"0029_sections.sql":            "84f5aae1524f7bc5",
	"0030_video_media.sql":         "2f28e765893e2910",
	"0031_suggestions.sql":         "899c51bee10734e6",
	"0032_requested_jobs.sql":      "b382e776e285f922",
	"0033_course_rows.sql":         "35d79f66d1d388de",
	"0034_large_data.sql":          "27ca69c0c148c486",
	"0035_related_courses.sql":     "1c0468904a7b3f3f",
	"0036_active_days.sql":         "b53fb42584e12d8b",
	"0037_course_counts.sql":       "5ab781b6a98f33c1",
	"0038_title_lexemes.sql":       "617e51fc37e0a784",
	"0039_analytics.sql":           "eac7d683dc60db54",
	"0040_log_epochs.sql":          "3d7dab2a6dc3b47e",
}

// An applied migration never runs again. A change of its SQL would reach new databases only, and
// later migrations would fail on the others. Only its comments may change.
func TestMigrationsDoNotChange(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(checksums) {
		t.Errorf("%d migrations, want at least %d", len(files), len(checksums))
	}
	for _, file := range files {
		text, err := FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:8]); got != checksums[file] {
			t.Errorf("%s has the checksum %s, want %q: do not change migrations, add a new one and its checksum", file, got, checksums[file])
		}
	}
}
