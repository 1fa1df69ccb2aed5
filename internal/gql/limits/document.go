package limits

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/observe"
)

// Document is a parsed document that passed CheckStructure, with the costs of its operations,
// apart from variables. It is immutable, and safe for concurrent use.
type Document struct {
	// Query is the document as gqlparser parsed it. It is not validated.
	Query *ast.QueryDocument

	identity      *observe.Document // nil before the document is cached
	policy        *Policy
	blocks        []block // a fragment comes before the blocks that spread it
	operations    []operation
	variables     []string // by number
	maxBlockNodes int      // largest number of nodes in a block
	steps         int      // number of visited parts of the document
}

// operation is an operation of a document.
type operation struct {
	definition        *ast.OperationDefinition
	blocks            []int32 // the blocks that it reaches, in the order of the document; the last is its own
	declaredVariables []declaredVariable
	nonNullVariables  []int32 // variables that must not be null
}

// rootBlock returns the operation's own block.
func (o *operation) rootBlock() int32 { return o.blocks[len(o.blocks)-1] }

// declaredVariable is an operation's declaration of a variable.
type declaredVariable struct {
	typeCost     *typeCost // nil if the operation does not declare the variable
	defaultValue *ast.Value
	defaultCost  float64 // of defaultValue
}

// findOperation returns the operation to run, as gqlgen finds it. It returns nil if there is
// none with the name, or several and the name is "".
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

// CountLogins returns how many of Limits.LoginFields the operation with a name has, if it is a
// mutation. It ignores @skip and @include.
func (d *Document) CountLogins(name string) int {
	op := d.findOperation(name)
	if op == nil || op.definition.Operation != ast.Mutation {
		return 0
	}
	return d.blocks[op.rootBlock()].logins
}
