package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist all:dist-lite
var builds embed.FS

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
