package respcache_test

import (
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/7p-education/api/internal/gql/respcache"
)

const directives = `
	directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
	enum CacheControlScope { PUBLIC PRIVATE }`

var shop = gqlparser.MustLoadSchema(&ast.Source{Input: directives + `
	interface Thing @cacheControl(maxAge: 100) { id: ID! secret: String }
	type Book implements Thing @cacheControl(maxAge: 50) {
		id: ID!
		title: String
		secret: String @cacheControl(scope: PRIVATE)
		author: Author
		price: Price
		near: Book @cacheControl(maxAge: 20)
		twin: Book @cacheControl(inheritMaxAge: true)
		odd: Book @cacheControl(inheritMaxAge: true, maxAge: 7)
		stock: Int @cacheControl(maxAge: 5)
	}
	type Pen implements Thing { id: ID! secret: String @cacheControl(maxAge: 3) }
	type Author { name: String books: [Book] }
	type Price @cacheControl(inheritMaxAge: true) { amount: Int tax: Tax @cacheControl(inheritMaxAge: true, scope: PRIVATE) }
	type Tax { rate: Int }
	union Either @cacheControl(maxAge: 40) = Book | Author
	type Query {
		book: Book
		books: [Book!]! @cacheControl(maxAge: 30)
		thing: Thing
		either: Either
		author: Author
		aged: Author @cacheControl(maxAge: 60)
		price: Price
		count: Int
		names: [String!]! @cacheControl(maxAge: 10)
		mine: Book @cacheControl(scope: PRIVATE)
	}
	type Mutation { write: Book }`})

// TestPolicy checks the rules of Apollo Server 5, each by an operation.
func TestPolicy(t *testing.T) {
	t.Parallel()
	policies, err := respcache.NewPolicies(shop)
	if err != nil {
		t.Fatal(err)
	}
	private := func(seconds int) respcache.Policy {
		return respcache.Policy{MaxAge: time.Duration(seconds) * time.Second, Private: true}
	}
	public := func(seconds int) respcache.Policy {
		return respcache.Policy{MaxAge: time.Duration(seconds) * time.Second}
	}
	for query, want := range map[string]respcache.Policy{
		"{ book { title } }":                     public(50), // the maxAge of the type
		"{ books { title } }":                    public(30), // the field's maxAge replaces it
		"{ book { stock } }":                     public(5),  // a scalar's maxAge counts
		"{ book { near { title } } }":            public(20),
		"{ book { twin { title } } }":            public(50), // inheritMaxAge, but the type has a maxAge, which counts
		"{ book { odd { title } } }":             public(7),  // the type has a maxAge, so the maxAge beside inheritMaxAge counts
		"{ book { author { name } } }":           public(0),  // an object without a maxAge
		"{ book { price { amount } } }":          public(50), // the type inherits
		"{ book { price { tax { rate } } } }":    private(50),
		"{ price { amount } }":                   public(0), // nothing to inherit from
		"{ author { name } }":                    public(0),
		"{ aged { name } }":                      public(60),
		"{ aged { books { title } } }":           public(50),
		"{ count }":                              public(0), // a scalar of Query without a maxAge
		"{ names }":                              public(10),
		"{ names book { title } }":               public(10), // the smallest
		"{ mine { title } }":                     private(50),
		"{ book { secret } }":                    private(50),
		"{ names mine { title } }":               private(10),
		"{ book { __typename } }":                public(50),
		"{ __typename }":                         public(0),
		"{ __schema { types { name } } names }":  public(0),
		"{ thing { id } }":                       public(100),
		"{ thing { secret } }":                   private(3), // the strictest hint of the types that implement it
		"{ thing { id ... on Book { title } } }": public(100),
		"{ thing { ... on Book { stock } } }":    public(5),
		"{ either { ... on Author { name } } }":  public(40),
		"mutation { write { title } }":           public(0),
		"{ book { ...F } } fragment F on Book { stock near { ...G } } fragment G on Book { secret }":                                              private(5),
		"query($yes: Boolean!, $no: Boolean!) { book { title stock @skip(if: $yes) secret @include(if: $no) } }":                                  public(50),
		"query($yes: Boolean!, $no: Boolean!) { book { title stock @skip(if: $no) ... @include(if: $yes) { secret } } }":                          private(5),
		"query($yes: Boolean!, $no: Boolean!) { book { title ...F @include(if: $no) } n: names @include(if: $yes) } fragment F on Book { stock }": public(10),
		"{ book { title stock @skip(if: true) secret @include(if: false) } }":                                                                     public(50),
		"query($yes: Boolean!) { names @include(if: $yes) }":                                                                                      public(10),
	} {
		doc, err := gqlparser.LoadQueryWithRules(shop, query, rules.NewDefaultRules())
		if len(err) > 0 {
			t.Fatalf("%s: %v", query, err)
		}
		got := policies.OperationPolicy(doc, doc.Operations[0], map[string]any{"yes": true, "no": false})
		if got != want {
			t.Errorf("%s: %+v, want %+v", query, got, want)
		}
		if never := policies.NeverCacheable(doc, doc.Operations[0]); never != (want.MaxAge == 0) {
			t.Errorf("%s: NeverCacheable is %t", query, never)
		}
	}
}

func TestInvalidMaxAge(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: directives + " type Query { a: Int @cacheControl(maxAge: -1) }"})
	if _, err := respcache.NewPolicies(schema); err == nil {
		t.Error("a maxAge below 0 is accepted")
	}
}
