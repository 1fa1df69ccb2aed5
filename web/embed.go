// Package web serves the pages for browsers: the front page and the GraphQL playground. All their files
// are in the binary, so they work without a network. The package uses the path of the API and nothing
// of its implementation.
package web

import "embed"

//go:embed home/index.html
//go:embed playground/index.html playground/assets playground/operations playground/session playground/lookup.graphql
//go:embed playground/third_party/*.js playground/third_party/*.css playground/third_party/*.txt
var files embed.FS

// readEmbedded returns an embedded file. It panics if the file is missing: that is a mistake in the
// patterns above, which every start of the program shows.
func readEmbedded(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return body
}
