package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/config"
)

// secretValues are valid values of all secrets.
var secretValues = map[string]string{
	"TRUSTED_CALLER_KEY": "sixteen characters", "ADMIN_TOKEN": "sixteen characters", "CDN_TOKEN": "sixteen characters", "METRICS_TOKEN": "sixteen characters", "DOCUMENTS_TOKEN": "sixteen characters",
	"MEDIA_SIGNING_KEY": strings.Repeat("k", 32), "DATABASE_URL": "postgres://u:p@db/7p", "DIRECT_DATABASE_URL": "postgres://u:p@direct/7p", "READ_REPLICA_URL": "postgres://u:p@replica/7p",
	"REDIS_URL": "redis://:p@cache", "REDIS_LIMITS_URL": "redis://:p@limits", "JWT_SECRET": strings.Repeat("s", 32), "JWT_KEYS": "/etc/keys.pem",
	"JWKS_URL": "https://id.example.com/keys", "SMTP_URL": "smtps://u:p@mail.example.com:465",
}

// Every secret can be in a file, and is the same as in its variable.
func TestSecretFiles(t *testing.T) {
	fromFiles, fromVariables := map[string]string{}, map[string]string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if field.Tag.Get("secret") == "" {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if secretValues[name] == "" {
			t.Fatalf("%s has no value in this test", name)
		}
		fromVariables[name], fromFiles[name+"_FILE"] = secretValues[name], writeSecret(t, secretValues[name]+"\n")
	}
	setEnvironment(t, fromVariables)
	want := parseSettings(t)
	setEnvironment(t, fromFiles)
	got := parseSettings(t)
	wantFields, gotFields := reflect.ValueOf(*want), reflect.ValueOf(*got)
	for _, field := range reflect.VisibleFields(wantFields.Type()) {
		if field.Tag.Get("env") != "" && !reflect.DeepEqual(gotFields.FieldByIndex(field.Index).Interface(), wantFields.FieldByIndex(field.Index).Interface()) {
			t.Errorf("%s differs", field.Name)
		}
	}
	if got.String() != want.String() || !slices.Equal(mistakes(got), mistakes(want)) {
		t.Errorf("got\n%s%q, want\n%s%q", got, mistakes(got), want, mistakes(want))
	}
	if got := parseSettings(t, "--redis-url=redis://flag"); got.RedisURL != "redis://flag" {
		t.Errorf("a flag does not override a file: %s", got.RedisURL)
	}
}

// Only one newline at the end of a file does not count.
func TestSecretFileNewline(t *testing.T) {
	for content, want := range map[string]string{"x": "x", "x\n": "x", "x\r\n": "x", "x\n\n": "x\n", " x \n": " x "} {
		setEnvironment(t, map[string]string{"JWT_SECRET_FILE": writeSecret(t, content)})
		if got := parseSettings(t).JWTSecret; got != want {
			t.Errorf("%q is read as %q, want %q", content, got, want)
		}
	}
}

func TestSecretFileMistakes(t *testing.T) {
	directory := t.TempDir()
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"both":       {map[string]string{"JWT_SECRET": "hush", "JWT_SECRET_FILE": writeSecret(t, "hush")}, "JWT_SECRET_FILE: not together with JWT_SECRET"},
		"missing":    {map[string]string{"REDIS_URL_FILE": filepath.Join(directory, "none")}, "REDIS_URL_FILE: open "},
		"directory":  {map[string]string{"REDIS_URL_FILE": directory}, "REDIS_URL_FILE: read "},
		"empty":      {map[string]string{"METRICS_TOKEN_FILE": writeSecret(t, "")}, "METRICS_TOKEN_FILE: file is empty"},
		"newline":    {map[string]string{"METRICS_TOKEN_FILE": writeSecret(t, "\n")}, "METRICS_TOKEN_FILE: file is empty"},
		"large":      {map[string]string{"METRICS_TOKEN_FILE": writeSecret(t, strings.Repeat("hush", 20_000))}, "METRICS_TOKEN_FILE: larger than 64 KiB"},
		"invalid":    {map[string]string{"METRICS_TOKEN_FILE": writeSecret(t, "hush")}, "METRICS_TOKEN: needs at least 16 characters"},
		"misspelled": {map[string]string{"DATABASE_URI_FILE": "/x", "JWT_SECRET_FILE": writeSecret(t, "hush")}, "is DATABASE_URI_FILE meant to be DATABASE_URL_FILE?"},
	} {
		setEnvironment(t, tt.env)
		got := strings.Join(mistakes(parseSettings(t)), "\n")
		if !strings.Contains(got, tt.want) || strings.Contains(got, "hush") {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func writeSecret(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
