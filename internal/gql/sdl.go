package gql

import (
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/formatter"
)

// SDL returns the schema as text, with its descriptions.
var SDL = sync.OnceValue(func() string {
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(ExecutableSchema().Schema())
	return out.String()
})
