package limits

import (
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Policy decides by a schema's costs and by limits. It is safe for concurrent use.
type Policy struct {
	limits      Limits
	costs       *costTable
	loginFields map[string]bool
}

// New reads the costs of the schema. It fails where a directive makes no sense, or
// tokens have no limit, as everything else is linear in them.
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

// Document is a parsed document whose structure is admitted, with what its
// operations cost but for variables. It is never changed, and safe for concurrent
// use.
type Document struct {
	// Query is the document as gqlparser parsed it, not validated.
	Query *ast.QueryDocument

	policy        *Policy
	blocks        []block // a fragment stands before what spreads it
	operations    []operation
	variables     []string // by their number
	maxBlockNodes int      // the most nodes of a block
	steps         int      // how many parts of the document were looked at
}

// operation is an operation of a document.
type operation struct {
	definition        *ast.OperationDefinition
	blocks            []int32 // those it reaches, as they stand in the document; its own is the last
	declaredVariables []declaredVariable
	nonNullVariables  []int32 // the variables that must not be null
}

// rootBlock is the operation's own block.
func (o *operation) rootBlock() int32 { return o.blocks[len(o.blocks)-1] }

// declaredVariable is what an operation declares a variable as, by the variable's number.
type declaredVariable struct {
	typeCost     *typeCost // nil if it does not declare it
	defaultValue *ast.Value
	defaultCost  float64 // of the default
}

// Limits returns those that the policy decides by.
func (p *Policy) Limits() Limits { return p.limits }

// ParseDocument parses a text and admits its structure. The error is a *Refusal, or the
// *gqlerror.Error of a text that is no GraphQL.
func (p *Policy) ParseDocument(text string) (*Document, error) {
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, p.limits.Tokens)
	if err != nil {
		if refusal := p.RejectParseError(err); refusal != nil {
			return nil, refusal
		}
		return nil, err
	}
	d, refusal := p.CheckStructure(query)
	if refusal != nil {
		return nil, refusal
	}
	return d, nil
}

// RejectParseError returns the refusal of a text that gqlparser stopped to parse at one of
// its limits, and nil of one that is no GraphQL. gqlparser tells by the message
// alone.
func (p *Policy) RejectParseError(err error) *Rejection {
	known, ok := errors.AsType[*gqlerror.Error](err)
	switch {
	case !ok:
		return nil
	case known.Message == fmt.Sprintf("exceeded token limit of %d", p.limits.Tokens):
		return rejectTokens(p.limits.Tokens)
	case known.Message == fmt.Sprintf("exceeded maximum nesting depth of %d", parser.MaxNestingDepth):
		return rejectExcess(TooDeep, "levels of nesting", parser.MaxNestingDepth+1, p.limits.Depth)
	}
	return nil
}

// CheckStructure admits the structure of a parsed document, valid or not, and returns
// what tells the costs of its operations. It looks at each part of the document
// once. A document of fragments that spread each other in a circle is refused too,
// as it has no end.
func (p *Policy) CheckStructure(query *ast.QueryDocument) (*Document, *Rejection) {
	// Nothing is done about more operations and fragments than may be.
	if r := rejectExcess(TooManyOperations, "operations in the document", len(query.Operations), p.limits.Operations); r != nil {
		return nil, r
	}
	if r := rejectExcess(TooManyFragments, "fragments", len(query.Fragments), p.limits.Fragments); r != nil {
		return nil, r
	}
	w := compiler{policy: p, doc: &Document{Query: query, policy: p}}
	w.compileDocument()
	if w.cycle != nil {
		return nil, rejectCycle(w.cycle)
	}
	if r := w.checkLimits(); r != nil {
		return nil, r
	}
	return w.doc, nil
}

// findOperation returns the operation to run, as gqlgen finds it; nil if there is none
// of the name, or several without one.
func (d *Document) findOperation(name string) *operation {
	if definition := d.Query.Operations.ForName(name); definition != nil {
		for i := range d.operations {
			if d.operations[i].definition == definition {
				return &d.operations[i]
			}
		}
	}
	return nil
}

// CountLogins returns how many of Limits.LoginFields the operation called name has, if
// it is a mutation, whatever its conditions say.
func (d *Document) CountLogins(name string) int {
	op := d.findOperation(name)
	if op == nil || op.definition.Operation != ast.Mutation {
		return 0
	}
	return d.blocks[op.rootBlock()].logins
}
