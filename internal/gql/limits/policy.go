package limits

import (
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Policy decides which documents may run, by the costs of a schema and by limits. It is safe
// for concurrent use.
type Policy struct {
	limits      Limits
	costs       *costTable
	loginFields map[string]bool
}

// New reads the costs of the schema. It returns an error for an invalid directive, and for a
// limit of tokens below 1: all other work is linear in the tokens.
func New(schema *ast.Schema, limits Limits) (*Policy, error) {
	if limits.Tokens < 1 {
		return nil, errors.New("read costs: the limit of tokens must be 1 or more")
	}
	table, err := newCostTable(schema)
	if err != nil {
		return nil, fmt.Errorf("read costs: %w", err)
	}
	p := &Policy{limits: limits, costs: table, loginFields: map[string]bool{}}
	for _, name := range limits.LoginFields {
		p.loginFields[name] = true
	}
	return p, nil
}

// Limits returns the limits of the policy.
func (p *Policy) Limits() Limits { return p.limits }

// ParseDocument parses a text and checks its structure. The error is a *Rejection, or the
// *gqlerror.Error of a text that is not GraphQL.
func (p *Policy) ParseDocument(text string) (*Document, error) {
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, p.limits.Tokens)
	if err != nil {
		if rejection := p.RejectParseError(err); rejection != nil {
			return nil, rejection
		}
		return nil, err
	}
	d, rejection := p.CheckStructure(query)
	if rejection != nil {
		return nil, rejection
	}
	return d, nil
}

// RejectParseError returns the rejection of a text that gqlparser stopped parsing at one of its
// limits, and nil for a text that is not GraphQL. Only the message of gqlparser distinguishes
// them.
func (p *Policy) RejectParseError(err error) *Rejection {
	parseErr, ok := errors.AsType[*gqlerror.Error](err)
	switch {
	case !ok:
		return nil
	case parseErr.Message == fmt.Sprintf("exceeded token limit of %d", p.limits.Tokens):
		return rejectTokens(p.limits.Tokens)
	case parseErr.Message == fmt.Sprintf("exceeded maximum nesting depth of %d", parser.MaxNestingDepth):
		return rejectExcess(TooDeep, "levels of nesting", parser.MaxNestingDepth+1, p.limits.Depth)
	}
	return nil
}

// CheckStructure checks the structure of a parsed document, which need not be valid, and
// prepares the costs of its operations. It visits each part of the document once. A document
// with a cycle of fragment spreads is rejected, too, because it has no finite depth.
func (p *Policy) CheckStructure(query *ast.QueryDocument) (*Document, *Rejection) {
	// Nothing else is done for a document with too many operations or fragments.
	if r := rejectExcess(TooManyOperations, "operations in the document", len(query.Operations), p.limits.Operations); r != nil {
		return nil, r
	}
	if r := rejectExcess(TooManyFragments, "fragments", len(query.Fragments), p.limits.Fragments); r != nil {
		return nil, r
	}
	c := compiler{policy: p, doc: &Document{Query: query, policy: p}}
	c.compileDocument()
	if c.cycle != nil {
		return nil, rejectCycle(c.cycle)
	}
	if r := c.checkLimits(); r != nil {
		return nil, r
	}
	return c.doc, nil
}

// CheckBatchCost checks the total cost of the operations of a batch, by the limits of CheckCost.
func (p *Policy) CheckBatchCost(e Estimate) *Rejection {
	switch l := p.limits; {
	case e.Cost > l.Cost:
		return rejectCost("cost of the batch up to this operation", e.Cost, l.Cost, nil)
	case e.Fields > l.Fields:
		return rejectCost("possible fields in the responses of the batch up to this operation", e.Fields, l.Fields, nil)
	case e.IntrospectionCost > l.IntrospectionCost:
		return rejectCost("cost of introspection in the batch up to this operation", e.IntrospectionCost, l.IntrospectionCost, nil)
	}
	return nil
}
