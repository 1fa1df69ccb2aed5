package config_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/ratelimit"
)

// update writes docs/configuration.md: go test ./internal/config -update.
var update = flag.Bool("update", false, "write docs/configuration.md")

const (
	referenceFile  = "../../docs/configuration.md"
	referenceIntro = "# Configuration\n\n" +
		"<!-- Generated from internal/config/settings.go by \"go test ./internal/config -update\". Do not edit. -->\n\n" +
		"Each setting is an environment variable and a flag of `7p`: `MAX_COST` is `--max-cost`. A flag overrides its variable. " +
		"Lists are separated by commas. Durations have a unit: `90s`, `15m`, `720h`. " +
		"A setting marked **secret** can also be in a file: `JWT_SECRET_FILE` names it, without `JWT_SECRET`, and one newline at its end does not count. " +
		"`7p config` prints the settings in force, without secrets, and fails with every mistake in them. " +
		"A server starts only without mistakes. [operations.md](operations.md) has the procedures, such as rotating keys.\n"
	referenceEnd = "\n## Go runtime\n\n" +
		"`GOGC` and `GOMEMLIMIT` tune the garbage collector. If one is set, the server has no " +
		"[heap reserve](operations.md#memory).\n\n" +
		"## Former names\n\n" +
		"`EMBEDDED_DIR` and `EMBEDDED_FETCH` are still read as `EMBEDDED_POSTGRES_DIR` and `EMBEDDED_POSTGRES_FETCH`. " +
		"A server does not start if one of the others is set, because ignoring it could lift a limit.\n\n" +
		"| former name | name |\n|---|---|\n"
)

// docs/configuration.md agrees with the settings and their help texts.
func TestReference(t *testing.T) {
	t.Parallel()
	want := formatReference(reflect.TypeFor[config.Config]())
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/configuration.md (-want +got): run \"go test ./internal/config -update\"\n%s", diff)
	}
}

func formatReference(settings reflect.Type) string {
	var out strings.Builder
	out.WriteString(referenceIntro)
	for i := range settings.NumField() {
		group := settings.Field(i)
		if !group.Anonymous {
			continue
		}
		fmt.Fprintf(&out, "\n## %s\n\n| setting | value | default | meaning |\n|---|---|---|---|\n", group.Tag.Get("group"))
		for j := range group.Type.NumField() {
			field := group.Type.Field(j)
			name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
			def := "–"
			if value := field.Tag.Get("default"); value != "" {
				def = "`" + value + "`"
			}
			value := describeValue(field)
			if field.Tag.Get("secret") != "" {
				value += ", **secret**"
			}
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", name, value, def, formatHelp(field.Tag.Get("help")))
		}
	}
	out.WriteString(referenceEnd)
	for _, name := range config.FormerNames {
		fmt.Fprintf(&out, "| `%s` | `%s` |\n", name[0], name[1])
	}
	return out.String()
}

// describeValue returns the kind and the range of a setting.
func describeValue(field reflect.StructField) string {
	if values := field.Tag.Get("values"); values != "" {
		return "`" + strings.ReplaceAll(values, ",", "`, `") + "`"
	}
	kind := describeKind(field.Type)
	switch least, most := field.Tag.Get("min"), field.Tag.Get("max"); {
	case most != "":
		return fmt.Sprintf("%s from %s to %s", kind, least, most)
	case strings.Trim(least, "0s") != "":
		return fmt.Sprintf("%s, at least %s", kind, least)
	}
	return kind
}

func describeKind(kind reflect.Type) string {
	switch kind {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[ratelimit.Policy]():
		return "rate: `N/duration` or `off`"
	case reflect.TypeFor[ratelimit.Slowdown]():
		return "`after:step:max` or `off`"
	case reflect.TypeFor[config.PostgresURL](), reflect.TypeFor[config.KeySetURL]():
		return "URL"
	case reflect.TypeFor[config.PostgresURLs]():
		return "URLs"
	}
	switch kind.Kind() {
	case reflect.Bool:
		return "`true` or `false`"
	case reflect.Slice:
		return "list"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "number"
	default:
		return "text"
	}
}

var (
	settingName = regexp.MustCompile(`\b(?:[A-Z]+_[A-Z_]+)\b`)
	literal     = regexp.MustCompile(`(?:https?|postgres|redis)://[^\s,;…)]*[^\s,;.…)]|/(?:graphql|metrics|readyz|var/lib/7p|\.well-known/jwks\.json)\b|Authorization: Bearer …|X-Forwarded-\w+`)
)

// formatHelp formats a help text as a cell of a Markdown table.
func formatHelp(help string) string {
	help = strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(help)
	help = literal.ReplaceAllStringFunc(help, func(s string) string { return "`" + strings.ReplaceAll(s, `\*`, "*") + "`" })
	return settingName.ReplaceAllString(help, "`$0`")
}

// Every setting has a variable and a help text; only numbers and durations have ranges.
func TestSettingsAreComplete(t *testing.T) {
	t.Parallel()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if field.Anonymous || !field.IsExported() {
			continue
		}
		tag := field.Tag
		if tag.Get("env") == "" || !strings.HasSuffix(tag.Get("help"), ".") {
			t.Errorf("%s has no variable or no help text", field.Name)
		}
		if kind := field.Type.Kind(); tag.Get("min")+tag.Get("max") != "" && kind != reflect.Int && kind != reflect.Int32 && kind != reflect.Int64 {
			t.Errorf("%s has a range and is a %s", field.Name, kind)
		}
	}
}
