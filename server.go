// Command 7p is the GraphQL API of an online-education company: one server over PostgreSQL and
// Redis. Without a DATABASE_URL it starts a private PostgreSQL with demo data.
package main

import (
	"os"

	"github.com/7p-education/api/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
