// Command gen runs gqlgen and generates graph/encode.generated.go, which encodes responses as JSON,
// from gqlgen's model of the schema and of the Go types bound to it. See package encode.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	if err := generateCode(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generateCode() error {
	log.SetOutput(io.Discard) // gqlgen logs a line for each field that has a resolver
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	return api.Generate(cfg, api.AddPlugin(encoderPlugin{}))
}
