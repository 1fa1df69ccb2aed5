package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Misspelling is a variable of the environment that no setting has, but whose name resembles that of a
// setting without a value.
type Misspelling struct{ Variable, Setting string }

// otherNames are names that other programs use for settings.
var otherNames = map[string]string{
	"DATABASE": "DATABASE_URL", "DATABASE_DSN": "DATABASE_URL", "DB_DSN": "DATABASE_URL", "DB_URI": "DATABASE_URL", "DB_URL": "DATABASE_URL",
	"PG_URL": "DATABASE_URL", "PGURL": "DATABASE_URL", "POSTGRES_DSN": "DATABASE_URL", "POSTGRES_URI": "DATABASE_URL", "POSTGRES_URL": "DATABASE_URL",
	"POSTGRESQL_URI": "DATABASE_URL", "POSTGRESQL_URL": "DATABASE_URL", "LISTEN_ADDR": "ADDR", "SIGNUP": "SIGN_UP",
}

// shortName is the length below which one letter may differ; in longer names, two.
const shortName = 8

// FindMisspellings returns the variables of an environment, as os.Environ has it, that resemble a setting
// whose own variable is empty there. It reads the names, and never returns a value.
func FindMisspellings(environment []string) []Misspelling {
	values := map[string]string{}
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	var names []string
	known := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if all := field.Tag.Get("env"); all != "" {
			names = append(names, variable(field))
			if field.Tag.Get("secret") != "" {
				names, known[variable(field)+fileSuffix] = append(names, variable(field)+fileSuffix), true
			}
			for name := range strings.SplitSeq(all, ",") {
				known[name] = true
			}
		}
	}
	for _, former := range formerNames { // Check rejects these
		known[former[0]] = true
	}
	var found []Misspelling
	for name, value := range values {
		if setting := nearestSetting(strings.ToUpper(name), names); value != "" && !known[name] && setting != "" && values[setting] == "" {
			found = append(found, Misspelling{name, setting})
		}
	}
	slices.SortFunc(found, func(a, b Misspelling) int { return strings.Compare(a.Variable, b.Variable) })
	return found
}

// nearestSetting returns the setting whose name a name resembles most, or "".
func nearestSetting(name string, settings []string) (nearest string) {
	if setting, ok := otherNames[name]; ok {
		return setting
	}
	best := 3
	for _, setting := range settings {
		limit := 2
		if len(setting) < shortName {
			limit = 1
		}
		if difference := len(name) - len(setting); max(difference, -difference) > limit {
			continue // each letter more is an edit
		}
		if distance := levenshtein.ComputeDistance(name, setting); distance <= limit && distance < best {
			nearest, best = setting, distance
		}
	}
	return nearest
}
