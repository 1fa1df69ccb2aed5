package limits

// Limits are the largest values that a document and an operation may have. Each rejection has
// the code of the limit, its value and the value of the document.
type Limits struct {
	// Tokens of the document: names, punctuators, literals, comments.
	Tokens int
	// Depth of fields within fields. Inline fragments count as fields, spreads as the fields of
	// their fragment. BrowseTree has 7 levels.
	Depth int
	// Operations in the document. Validation visits each with all fragments that it reaches.
	Operations int
	// RootFields of an operation, and MutationFields of a mutation, which run one after the
	// other.
	RootFields, MutationFields int
	// Logins limits the fields named by LoginFields in one mutation: more of them would try
	// several passwords in one request.
	Logins      int
	LoginFields []string
	// Aliases in the document.
	Aliases int
	// SameFieldPerSet is how often one field may occur in one selection set, under any aliases.
	SameFieldPerSet int
	// RepeatedNames is how often response names may be repeated in their selection set, in the
	// whole document: validation compares each pair of them. Inline fragments belong to the set
	// that contains them, so fragments on 6 types with 8 common fields have 40 repetitions.
	RepeatedNames int
	// Directives in the document, and DirectivesPerLocation at one field, fragment, variable or
	// operation.
	Directives, DirectivesPerLocation int
	// Fragments defined in the document, and Spreads of them.
	Fragments, Spreads int
	// Variables of an operation.
	Variables int
	// Arguments of a field or a directive.
	Arguments int
	// Cost of an operation, in objects: 1 is about the cost of reading and writing one, 2 µs.
	// A text of up to 1,000 characters more costs 1 more. The most expensive operation of our clients is
	// Search at 100 rows, 3,848.
	Cost int64
	// IdempotentCost of a mutation with an Idempotency-Key, unless it has one of LoginFields: the
	// rows that it writes stay locked until its payload is read.
	IdempotentCost int64
	// Fields that the response may have. Scalars cost nothing, but have to be written: by the
	// cost alone 400,000 would be allowed. 88,000 take 44 ms, 16 MB and a response of 1.8 MB.
	Fields int64
	// IntrospectionDepth and IntrospectionCost are the limits for selections below __schema and
	// __type, which do not count toward Depth and Cost. GraphiQL sends 15 levels, with a cost of
	// 109,644.
	IntrospectionDepth int
	IntrospectionCost  int64
}

// Defaults returns limits that allow all operations of our clients, at their largest pages.
func Defaults() Limits {
	return Limits{
		Tokens:                2_000,
		Depth:                 16,
		Operations:            10,
		RootFields:            30,
		MutationFields:        10,
		Logins:                1,
		LoginFields:           []string{"signUp", "signIn", "refreshSession", "changePassword", "deleteAccount", "requestPasswordReset", "resetPassword", "requestEmailVerification", "verifyEmail"},
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
		IdempotentCost:        1_000,
		Fields:                100_000,
		IntrospectionDepth:    20,
		IntrospectionCost:     200_000,
	}
}
