package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist all:dist-lite
var builds embed.FS

//go:embed previous
var previous embed.FS

// Build returns the build of the app in web/app that npm run build wrote: the usual one, or the lite one, which has
// preact in place of React.
func Build(lite bool) fs.FS {
	name := "dist"
	if lite {
		name = "dist-lite"
	}
	build, err := fs.Sub(builds, name)
	if err != nil {
		panic(err) // the names are valid
	}
	return build
}

// PreviousScripts returns the scripts of both builds of the previous release, which scripts/previous wrote: files in
// Brotli, named by their names in all releases and the SHA-256 of their contents.
func PreviousScripts() fs.FS {
	files, err := fs.Sub(previous, "previous")
	if err != nil {
		panic(err) // the name is valid
	}
	return files
}
