package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/explain"
)

// recordedPlans is the file of the recorded plans, in the directory of their requests.
const recordedPlans = "recorded-plans.json"

// planRuns is how often a request may run until its plan is not worse. Round trips that are sent together count as one
// round, unless one of them is late.
const planRuns = 3

// planCheck compares the plans of requests with recorded ones.
type planCheck struct {
	dir      string
	record   bool
	settings *config.Config
	db       *app.Database
	out      io.Writer
}

// planRequest is a query, or the ID of a trusted document in place of its text, and the account that executes it.
type planRequest struct {
	app.ExplainRequest
	ID    string `json:"id"`
	Email string `json:"email"`
}

// run records the plans, or compares them with the recorded ones.
func (c planCheck) run(ctx context.Context) error {
	requests, err := c.readRequests(ctx)
	if err != nil {
		return err
	}
	if c.record {
		return c.recordPlans(ctx, requests)
	}
	recorded, err := c.readRecorded()
	if err != nil {
		return err
	}
	worse := 0
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		before, ok := recorded[name]
		if !ok {
			return fmt.Errorf("%s has no recorded plan: add --record", name)
		}
		changes, err := c.findWorse(ctx, requests[name], before)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, change := range changes {
			_, _ = fmt.Fprintf(c.out, "worse: %s: %s\n", name, change)
		}
		worse += min(len(changes), 1)
	}
	if worse > 0 {
		return fmt.Errorf("the plans of %d queries are worse than in %s: mend them, or accept them by --record", worse, filepath.Join(c.dir, recordedPlans))
	}
	_, err = fmt.Fprintf(c.out, "%d plans checked\n", len(requests))
	return err
}

// recordPlans writes the best plan of each query.
func (c planCheck) recordPlans(ctx context.Context, requests map[string]planRequest) error {
	found := map[string]explain.Summary{}
	for name, r := range requests {
		for i := range planRuns {
			plan, err := c.explain(ctx, r)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if i == 0 || plan.Rounds < found[name].Rounds {
				found[name] = plan.Summarize()
			}
		}
	}
	return c.writeRecorded(found)
}

// findWorse runs a query until its plan is not worse than a summary, and returns what is worse in the last one.
func (c planCheck) findWorse(ctx context.Context, r planRequest, before explain.Summary) (worse []string, err error) {
	for range planRuns {
		plan, err := c.explain(ctx, r)
		if err != nil {
			return nil, err
		}
		if worse = before.FindWorse(plan); len(worse) == 0 {
			break
		}
	}
	return worse, nil
}

// explain runs a query and returns its plan, with those of its statements.
func (c planCheck) explain(ctx context.Context, r planRequest) (*explain.Plan, error) {
	body, err := app.ExplainOnDatabase(ctx, c.settings, c.db, r.Email, r.ExplainRequest)
	if err != nil {
		return nil, err
	}
	plan, err := decodePlan(body)
	if err == nil {
		err = checkExplained(plan)
	}
	return plan, err
}

// checkExplained returns an error if a statement of a query has no plan: then a lost index would not be found.
func checkExplained(plan *explain.Plan) error {
	for _, t := range plan.Trips {
		for _, s := range t.Statements {
			if s.NoPlan != "" {
				return fmt.Errorf("%s has no plan: %s", s.Name, s.NoPlan)
			}
		}
	}
	return nil
}

// readRequests reads the requests of the directory by their names.
func (c planCheck) readRequests(ctx context.Context) (map[string]planRequest, error) {
	files, err := filepath.Glob(filepath.Join(c.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	list, err := app.DatabaseDocuments{Database: c.db}.ListDocuments(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, d := range list {
		texts[d.ID] = d.Body
	}
	requests := map[string]planRequest{}
	for _, file := range files {
		if filepath.Base(file) == recordedPlans {
			continue
		}
		var r planRequest
		text, err := os.ReadFile(file)
		if err == nil {
			err = decodeNumbers(text, &r)
		}
		r.Query, r.Plans = cmp.Or(r.Query, texts[app.DocumentKey(r.ID)]), true
		if err == nil {
			err = r.validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		requests[filepath.Base(file)] = r
	}
	if len(requests) == 0 {
		return nil, fmt.Errorf(`%s has no request: write files such as catalog.json, {"query": "…", "variables": {…}}`, c.dir)
	}
	return requests, nil
}

// validate returns an error unless the request only reads.
func (r planRequest) validate() error {
	if r.Query == "" && r.ID != "" {
		return fmt.Errorf("there is no trusted document %q", r.ID)
	}
	document, err := parser.ParseQuery(&ast.Source{Input: r.Query})
	if err != nil {
		return err
	}
	for _, operation := range document.Operations {
		if operation.Operation != ast.Query {
			return fmt.Errorf("a %s is not checked, because it would run", operation.Operation)
		}
	}
	return nil
}

func (c planCheck) readRecorded() (recorded map[string]explain.Summary, err error) {
	text, err := os.ReadFile(filepath.Join(c.dir, recordedPlans))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &recorded)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", recordedPlans, err)
	}
	return recorded, nil
}

func (c planCheck) writeRecorded(found map[string]explain.Summary) error {
	text, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.dir, recordedPlans), append(text, '\n'), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%d plans recorded\n", len(found))
	return err
}
