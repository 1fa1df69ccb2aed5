package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/explain"
)

type explainCommand struct {
	File      string `arg:"" help:"A document (.graphql), or a request as clients send it (.json)." type:"existingfile"`
	Variables string `help:"Variables as a JSON object, e.g. '{\"first\": 10}'."`
	Operation string `help:"Name of the operation, if the document has several."`
	Plans     bool   `help:"Run each statement that only reads again, by EXPLAIN (ANALYZE, BUFFERS)."`
	Server    string `placeholder:"URL" help:"Server that executes the operation in place of this program, e.g. https://api.example.com."`
	Token     string `env:"ACCESS_TOKEN" help:"Access token of an admin, with --server; the server of the demo needs none."`
	Email     string `help:"Account that executes the operation, without --server; by default it is anonymous."`
	JSON      bool   `name:"json" help:"Print the response with extensions.explain as JSON."`
}

// Run executes an operation and prints its plan.
func (e *explainCommand) Run(ctx context.Context, c *config.Config) error {
	return e.explain(ctx, c, os.Stdout)
}

func (e *explainCommand) explain(ctx context.Context, c *config.Config, out io.Writer) error {
	r, err := e.readRequest()
	if err != nil {
		return err
	}
	if e.Server != "" {
		body, err := app.ExplainOnServer(ctx, e.Server, e.Token, r)
		if err != nil {
			return err
		}
		return e.print(out, body)
	}
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		body, err := app.ExplainOnDatabase(ctx, c, db, e.Email, r)
		if err != nil {
			return err
		}
		return e.print(out, body)
	})
}

func (e *explainCommand) readRequest() (r app.ExplainRequest, err error) {
	text, err := os.ReadFile(e.File)
	if err != nil {
		return r, err
	}
	if r.Query = string(text); filepath.Ext(e.File) == ".json" {
		r = app.ExplainRequest{}
		if err := decodeNumbers(text, &r); err != nil {
			return r, fmt.Errorf("%s: not a request: %w", e.File, err)
		}
	}
	if e.Variables != "" {
		if err := decodeNumbers([]byte(e.Variables), &r.Variables); err != nil {
			return r, fmt.Errorf("--variables: not a JSON object: %w", err)
		}
	}
	if e.Operation != "" {
		r.OperationName = e.Operation
	}
	r.Plans = e.Plans
	return r, nil
}

// decodeNumbers decodes JSON and leaves numbers as they are written.
func decodeNumbers(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// print prints a response as JSON, or its plan as text.
func (e *explainCommand) print(out io.Writer, body []byte) error {
	plan, failure := decodePlan(body)
	text := string(body) + "\n"
	if !e.JSON {
		text = ""
		if plan != nil {
			text = formatPlan(plan)
		}
	}
	_, err := io.WriteString(out, text)
	return errors.Join(err, failure)
}

// decodePlan returns the plan in a response, and an error if the response has errors or no plan.
func decodePlan(body []byte) (*explain.Plan, error) {
	var resp struct {
		Errors     []struct{ Message string }
		Extensions struct{ Explain *explain.Plan }
	}
	if err := json.Unmarshal(body, &resp); err != nil {
		return nil, fmt.Errorf("the response is not GraphQL: %w", err)
	}
	plan := resp.Extensions.Explain
	switch {
	case len(resp.Errors) > 0:
		return plan, errors.New(resp.Errors[0].Message)
	case plan == nil:
		return nil, errors.New("the response has no plan: the server is of a version without plans")
	}
	return plan, nil
}

// formatPlan returns a plan as text.
func formatPlan(p *explain.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rounds, %d round trips, %d statements\n", p.Rounds, p.RoundTrips, p.Statements)
	fmt.Fprintf(&b, "cache: %s", p.Cache.Result)
	if p.Cache.Reason != "" {
		fmt.Fprintf(&b, ", %s", p.Cache.Reason)
	}
	if p.Cache.Scope != "" {
		fmt.Fprintf(&b, ", shared by %s for %d s", p.Cache.Scope, p.Cache.MaxAge)
	}
	if p.Cache.Field != "" {
		fmt.Fprintf(&b, ", maximum age by %s", p.Cache.Field)
	}
	fmt.Fprintf(&b, ", %d tags\n\n", len(p.Cache.Tags))
	for _, s := range p.Selections {
		depth := strings.Count(s.Path, ".")
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), s.Path[strings.LastIndex(s.Path, ".")+1:])
		for _, n := range s.Trips {
			fmt.Fprintf(&b, "  [round trip %d]", n)
		}
		b.WriteByte('\n')
	}
	for _, t := range p.Trips {
		fmt.Fprintf(&b, "\nround trip %d, round %d, %s, %.2f ms\n", t.Number, t.Round, t.Database, t.Milliseconds)
		for _, batch := range t.Batches {
			fmt.Fprintf(&b, "  batch %s of %d keys for %s\n", batch.Loader, batch.Keys, batch.Field)
		}
		for _, s := range t.Statements {
			fmt.Fprintf(&b, "  %s: %d rows, %.2f ms\n", s.Name, s.Rows, s.Milliseconds)
			for _, line := range planLines(s) {
				fmt.Fprintf(&b, "    %s\n", line)
			}
		}
	}
	return b.String()
}

// planLines returns the nodes of the plan of a statement, indented by their depth.
func planLines(s explain.Statement) []string {
	if s.NoPlan != "" {
		return []string{"no plan: " + s.NoPlan}
	}
	root, ok := s.Root()
	if !ok {
		return nil
	}
	var lines []string
	var visit func(n explain.Node, indent string)
	visit = func(n explain.Node, indent string) {
		label := n.Type
		if n.Index != "" {
			label += " by " + n.Index
		}
		if n.Relation != "" {
			label += " on " + n.Relation
		}
		lines = append(lines, fmt.Sprintf("%s%s: %.0f rows, %.0f loops, %.2f ms, %d pages", indent, label, n.Rows, n.Loops, n.Milliseconds, n.HitPages+n.ReadPages))
		for _, child := range n.Plans {
			visit(child, indent+"  ")
		}
	}
	visit(root, "")
	return lines
}
