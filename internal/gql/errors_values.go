package gql

import (
	"regexp"
	"sync"
)

// valuePatterns match the messages in which gqlparser repeats values of a document. A value may be a
// password, and clients show and log messages: so messages have locations and types only.
var valuePatterns = sync.OnceValue(func() []valuePattern {
	return []valuePattern{
		{regexp.MustCompile(`((?:found|Unexpected) (?:String|BlockString|Int|Float)) ".*"$`), "$1"},
		{regexp.MustCompile(`(?s)^((?:Int|Float|String|Boolean|ID) cannot represent .* value): .*$`), "$1"},
		{regexp.MustCompile(`(?s)^(Expected value of type "[^"]*"), found .*$`), "$1"},
	}
})

type valuePattern struct {
	message *regexp.Regexp
	without string
}

// stripValues removes a document's values from a message of gqlparser.
func stripValues(message string) string {
	for _, p := range valuePatterns() {
		message = p.message.ReplaceAllString(message, p.without)
	}
	return message
}
