package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
)

type documentsCheckCommand struct {
	documentsTarget
	Days   int    `default:"30" help:"Documents used or pushed in this many days must fit; for others the command prints warnings."`
	Schema string `type:"existingfile" help:"An SDL file; by default the schema of this program."`
	Plans  string `type:"existingdir" help:"Directory of queries (.json, as 7p explain reads them) whose plans on the database must not be worse than the recorded ones: more rounds or statements, or a table that is read without an index."`
	Record bool   `help:"Record the plans of --plans in place of comparing them."`
}

// Run validates the documents against a schema. It fails if a document that was used or pushed recently
// does not fit; for others and for retired ones it prints warnings. Then it compares the plans.
func (c *documentsCheckCommand) Run(ctx context.Context, settings *config.Config) error {
	if c.Plans != "" && c.Server != "" {
		return errors.New("--plans: plans are those of a database: leave out --server, and set DATABASE_URL")
	}
	if c.Record && c.Plans == "" {
		return errors.New("--record: name a directory by --plans")
	}
	err := c.withDocuments(ctx, settings, func(documents app.DocumentService) error { return c.checkDocuments(ctx, documents) })
	if err != nil || c.Plans == "" {
		return err
	}
	return withPreparedDatabase(ctx, settings, func(db *app.Database) error {
		return planCheck{dir: c.Plans, record: c.Record, settings: settings, db: db, out: os.Stdout}.run(ctx)
	})
}

func (c *documentsCheckCommand) checkDocuments(ctx context.Context, documents app.DocumentService) error {
	schema, err := c.loadSchema()
	if err != nil {
		return err
	}
	since := time.Now().AddDate(0, 0, -c.Days)
	list, err := documents.ListDocuments(ctx, since)
	if err != nil {
		return err
	}
	if len(list) == 0 && c.Plans == "" {
		return errors.New("there is no document to check: push some, and set DATABASE_URL to that of the servers")
	}
	broken := 0
	for _, d := range list {
		parsed, err := app.ParseDocument(d.Document)
		if err == nil {
			err = parsed.ValidateAgainst(schema)
		}
		if err != nil && c.reportMistake(d, since, err) {
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d documents that were used or pushed in the last %d days do not fit the schema", broken, c.Days)
	}
	fmt.Printf("%d documents checked\n", len(list))
	return nil
}

func (c *documentsCheckCommand) loadSchema() (*ast.Schema, error) {
	if c.Schema == "" {
		return gql.ExecutableSchema().Schema(), nil
	}
	text, err := os.ReadFile(c.Schema)
	if err != nil {
		return nil, err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: c.Schema, Input: string(text)})
	if err != nil {
		return nil, err
	}
	return schema, nil
}

// reportMistake prints that a document does not fit, and reports whether the command must fail: a
// document that was pushed is part of a release, before the first client sends it.
func (c *documentsCheckCommand) reportMistake(d app.UsedDocument, since time.Time, mistake error) (broken bool) {
	label := app.DocumentLabel(d.Document)
	pushed := !d.PushedAt.Before(since)
	switch {
	case d.RetiredAt != nil || len(d.Uses) > 0 && !hasActiveClient(d) && !pushed:
		fmt.Printf("warning: %s, which is %s: %v\n", label, retirements(d.Document), mistake)
		return false
	case len(d.Uses) == 0 && !pushed:
		fmt.Printf("warning: %s, neither used nor pushed in %d days (counts are up to %s late): %v\n", label, c.Days, app.UsageFlushInterval, mistake)
		return false
	}
	fmt.Printf("broken: %s: %v\n", label, mistake)
	if !hasActiveClient(d) {
		fmt.Printf("  pushed on %s, not used yet\n", d.PushedAt.Format(time.DateOnly))
	}
	for _, u := range d.Uses {
		if isRetiredFor(d.Document, u.Client) {
			continue
		}
		fmt.Printf("  used by %s, last on %s\n", clientName(u), u.LastUsed.Format(time.DateOnly))
	}
	return true
}
