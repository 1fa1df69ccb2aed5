package app

import (
	"fmt"
	"net"
	"strings"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/terminal"
)

// printBanner prints the addresses of the server and, for a private PostgreSQL, how to use it.
func printBanner(c *config.Config, addr net.Addr, db *Database) {
	_, port, _ := net.SplitHostPort(addr.String())
	base := localURL(c, port)
	terminal.PrintStatus("")
	if c.Web != webOff {
		terminal.PrintStatus("  Pages       %s/", base)
	}
	terminal.PrintStatus("  Playground  %s/playground\n  GraphQL     %s/graphql\n  Schema      %s/schema.graphql\n  Health      %s/healthz  %s/readyz", base, base, base, base, base)
	if db.isDemo() {
		printDemoHints(c, db.embedded.DSN())
	}
	terminal.PrintStatus("")
}

func printDemoHints(c *config.Config, dsn string) {
	terminal.PrintStatus("  Database    psql %q", dsn)
	terminal.PrintStatus("\n  Demo accounts: %s", strings.Join(demo.AccountEmails(), ", "))
	terminal.PrintStatus("  Password of each: %s", demo.Password)
	environment := ""
	if c.EmbeddedPostgresDir != "" {
		environment = fmt.Sprintf("EMBEDDED_POSTGRES_DIR=%q ", c.EmbeddedPostgresDir)
	}
	terminal.PrintStatus("  A token for one:  %sgo run . token --email student@7p.example", environment)
}
