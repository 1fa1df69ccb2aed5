// Command gen runs gqlgen, and from what gqlgen knows of the schema and of the
// Go types bound to it makes graph/write.generated.go, which writes answers: see
// package write.
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
	log.SetOutput(io.Discard) // a line for each field that has a resolver
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	return api.Generate(cfg, api.AddPlugin(encoderPlugin{}))
}
