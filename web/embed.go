// Package web holds the pages that a person opens in a browser: the front page and the
// GraphQL playground. Everything they need is in the binary, so they work with no network.
// The package knows the address of the API and nothing of what is behind it.
package web

import "embed"

//go:embed home/index.html
//go:embed playground/index.html playground/assets playground/operations
//go:embed playground/third_party/*.js playground/third_party/*.css playground/third_party/*.txt
var files embed.FS

// readEmbedded returns an embedded file. A missing one is a mistake in the patterns above, which any
// start of the program shows, so it panics.
func readEmbedded(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return body
}
