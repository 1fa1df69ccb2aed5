package gql

import "regexp"

// valuePatterns are what gqlparser repeats of a document's values in its messages. One
// of them may be a password: messages are shown to people and kept in logs of
// clients, so that they tell of places and types only.
var valuePatterns = []struct {
	said *regexp.Regexp
	cut  string
}{
	{regexp.MustCompile(`((?:found|Unexpected) (?:String|BlockString|Int|Float)) ".*"$`), "$1"},
	{regexp.MustCompile(`(?s)^((?:Int|Float|String|Boolean|ID) cannot represent .* value): .*$`), "$1"},
	{regexp.MustCompile(`(?s)^(Expected value of type "[^"]*"), found .*$`), "$1"},
}

// stripValues takes the document's values out of a message of gqlparser's.
func stripValues(message string) string {
	for _, v := range valuePatterns {
		message = v.said.ReplaceAllString(message, v.cut)
	}
	return message
}
