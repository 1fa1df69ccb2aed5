package cli

import (
	"fmt"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/gql"
)

type schemaCommand struct{}

// Run prints the schema.
func (*schemaCommand) Run() error {
	_, err := fmt.Print(gql.SDL())
	return err
}

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run() error {
	_, err := fmt.Println(app.BuildVersion())
	return err
}
