package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/vektah/gqlparser/v2"

	"github.com/7p-education/api/web"
)

// The budgets of a build, in bytes of Brotli.
const (
	maxScripts     = 85_000 // of the first page
	maxLiteScripts = 40_000
	maxChunk       = 10_000 // of a route
	maxStyles      = 10_000 // of a page
)

// buildManifest is the part of manifest.json that names files.
type buildManifest struct {
	Entry struct {
		JS, CSS string
		Preload []string
	}
	Routes []struct {
		Name, Chunk, Document string
		Preload, CSS          []string
	}
}

func readJSONFile(t *testing.T, build fs.FS, name string, into any) {
	t.Helper()
	text, err := fs.ReadFile(build, name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// sizeOf returns the size of files as browsers receive them.
func sizeOf(t *testing.T, build fs.FS, names ...string) (sum int64) {
	t.Helper()
	for _, name := range names {
		info, err := fs.Stat(build, name+".br")
		if err != nil {
			info, err = fs.Stat(build, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	return sum
}

// The scripts and styles of each page stay within their budgets.
func TestBuildBudgets(t *testing.T) {
	t.Parallel()
	for _, lite := range []bool{false, true} {
		build, maximum := web.Build(lite), int64(maxScripts)
		if lite {
			maximum = maxLiteScripts
		}
		var m buildManifest
		readJSONFile(t, build, "manifest.json", &m)
		if len(m.Routes) == 0 {
			t.Fatal("the build has no routes")
		}
		first := m.Routes[0]
		if got := sizeOf(t, build, slices.Concat([]string{m.Entry.JS, first.Chunk}, m.Entry.Preload, first.Preload)...); got > maximum {
			t.Errorf("lite %v: the first page has %d bytes of scripts, more than %d", lite, got, maximum)
		}
		for _, r := range m.Routes {
			if got := sizeOf(t, build, r.Chunk); got > maxChunk {
				t.Errorf("lite %v: %s has a chunk of %d bytes, more than %d", lite, r.Name, got, maxChunk)
			}
			if got := sizeOf(t, build, append(r.CSS, m.Entry.CSS)...); got > maxStyles {
				t.Errorf("lite %v: %s has %d bytes of styles, more than %d", lite, r.Name, got, maxStyles)
			}
		}
	}
}

// The builds have no source maps, and each large script and style beside its compressed forms.
func TestBuildFiles(t *testing.T) {
	t.Parallel()
	for _, lite := range []bool{false, true} {
		build := web.Build(lite)
		err := fs.WalkDir(build, "assets", func(name string, entry fs.DirEntry, err error) error {
			switch ext := path.Ext(name); {
			case err != nil || entry.IsDir():
				return err
			case ext == ".map":
				t.Errorf("source map %s", name)
			case ext == ".js" || ext == ".css":
				if info, _ := entry.Info(); info.Size() > 4<<10 {
					sizeOf(t, build, name)
					if _, err := fs.Stat(build, name+".gz"); err != nil {
						t.Error(err)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The scripts of the previous release are named by their contents, as browsers name their dictionaries.
func TestPreviousScripts(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(web.PreviousScripts(), "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		compressed, err := fs.ReadFile(web.PreviousScripts(), name)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(brotli.NewReader(bytes.NewReader(compressed)))
		if sum := sha256.Sum256(body); err != nil || !strings.HasSuffix(name, "-"+hex.EncodeToString(sum[:])+".js.br") {
			t.Errorf("%s has the content %x, %v", name, sum, err)
		}
	}
}

// The documents of a build are valid, and both builds have the same.
func TestBuildFitsSchema(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	var documents, lite map[string]string
	readJSONFile(t, web.Build(false), "documents.json", &documents)
	readJSONFile(t, web.Build(true), "documents.json", &lite)
	if len(documents) == 0 || len(documents) != len(lite) {
		t.Errorf("%d documents, and %d of the lite build", len(documents), len(lite))
	}
	for hash, text := range documents {
		if lite[hash] != text {
			t.Errorf("the lite build lacks %s", hash)
		}
		if _, errs := gqlparser.LoadQueryWithRules(schema, text, nil); errs != nil {
			t.Errorf("%s: %v", text, errs)
		}
	}
}
