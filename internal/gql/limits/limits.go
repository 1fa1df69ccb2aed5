package limits

// Limits are what a document and an operation may have at most. Each refusal
// names the limit's code, its value and what the document has.
type Limits struct {
	// Tokens of the document: names, punctuators, literals, comments.
	Tokens int
	// Depth of fields within fields, inline fragments counted as fields and
	// spreads as what they bring. BrowseTree has 7 levels.
	Depth int
	// Operations in the document; each is validated with all fragments that it
	// reaches.
	Operations int
	// RootFields of an operation, and MutationFields of a mutation, which run one
	// after the other.
	RootFields, MutationFields int
	// Logins are the fields named by LoginFields in one mutation: more would try
	// several passwords at the price of one request.
	Logins      int
	LoginFields []string
	// Aliases in the document.
	Aliases int
	// SameFieldPerSet is how often one field may stand in one selection set, under
	// whatever aliases.
	SameFieldPerSet int
	// RepeatedNames is how often response names may be repeated in their selection set,
	// in all of the document: validation compares each with each. Inline fragments
	// are part of the set they stand in, so fragments on 6 types with 8 common
	// fields have 40.
	RepeatedNames int
	// Directives in the document, and DirectivesInPlace at one field, fragment,
	// variable or operation.
	Directives, DirectivesPerLocation int
	// Fragments defined in the document, and Spreads of them.
	Fragments, Spreads int
	// Variables of an operation.
	Variables int
	// Arguments of a field or a directive.
	Arguments int
	// Cost of an operation, in objects: 1 is about what reading and writing one
	// takes, 2 µs. The dearest that our clients send is Search at 100 rows, 1,848.
	Cost int64
	// Fields that the answer may have: scalars are free and yet written, so the cost
	// alone would let 400,000 pass. 88,000 take 44 ms, 16 MB and 1.8 MB of answer.
	Fields int64
	// IntrospectionDepth and IntrospectionCost are for what is asked below __schema
	// and __type, which counts for no other depth or cost. GraphiQL asks for 15
	// levels, at a cost of 109,644.
	IntrospectionDepth int
	IntrospectionCost  int64
}

// Defaults returns the limits that all of our clients' operations keep, at their
// largest pages.
func Defaults() Limits {
	return Limits{
		Tokens:                2_000,
		Depth:                 16,
		Operations:            10,
		RootFields:            30,
		MutationFields:        10,
		Logins:                1,
		LoginFields:           []string{"signUp", "signIn", "refreshSession"},
		Aliases:               100,
		SameFieldPerSet:       30,
		RepeatedNames:         100,
		Directives:            50,
		DirectivesPerLocation: 4,
		Fragments:             50,
		Spreads:               100,
		Variables:             50,
		Arguments:             20,
		Cost:                  50_000,
		Fields:                100_000,
		IntrospectionDepth:    20,
		IntrospectionCost:     200_000,
	}
}
