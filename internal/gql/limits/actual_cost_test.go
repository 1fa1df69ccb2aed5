package limits_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/gql/limits"
)

// TestActualCost checks the cost of responses by the objects in them.
func TestActualCost(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, `
		interface Node { id: ID! }
		type Query { me: User users(first: Int): Users @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) node(id: ID!): Node
			find(filter: Filter): [User!]! @cost(weight: "7") words: [String!]! @cost(weight: "3") }
		type Mutation { wave(n: Int): User }
		input Filter { a: Int @cost(weight: "2") }
		type Users { nodes: [User] edges: [Edge!]! total: Int @cost(weight: "4") }
		type Edge { node: User! }
		type User implements Node { id: ID! best: User friends: [User!]! grid: [[User]] }
		type Book implements Node @cost(weight: "5") { id: ID! author: User }`)
	p := newPolicy(t, schema, noLimits())
	for _, tt := range []struct {
		query, variables, data string
		want                   int64
	}{
		{"{me{id}}", `{}`, `{"me":{"id":"1"}}`, 1},
		{"{me{id}}", `{}`, `{"me":null}`, 0},
		{"{me{id}}", `{}`, `null`, 0},
		{"{__typename __schema{types{name}}}", `{}`, `{"__typename":"Query","__schema":{"types":[{"name":"A"}]}}`, 0},
		// The connection with its weight of 4, two rows that are not null, and two friends.
		{"{users(first: 50){total nodes{id friends{id}}}}", `{}`, `{"users":{"total":3,"nodes":[{"id":"1","friends":[{"id":"2"},{"id":"3"}]},null,{"id":"1","friends":[]}]}}`, 1 + 4 + 2 + 2},
		{"{users(first: 50){edges{node{id}}}}", `{}`, `{"users":{"edges":[{"node":{"id":"1"}},{"node":{"id":"2"}}]}}`, 1 + 2 + 2},
		{"{find(filter: {a: 1}){id} words}", `{}`, `{"find":[{"id":"1"}],"words":["a","b"]}`, 7 + 2 + 1 + 3},
		{"query($f: Filter){find(filter: $f){id}}", `{"f":{"a":1}}`, `{"find":[]}`, 7 + 2},
		{"{me{grid{id}}}", `{}`, `{"me":{"grid":[[{"id":"1"},null],null,[{"id":"2"}]]}}`, 1 + 2},
		// A field that occurs twice is called once.
		{"{me{best{id}} ...F ...F} fragment F on Query{me{best{best{id}}} a:me{id}}", `{}`, `{"me":{"best":{"id":"2","best":{"id":"3"}}},"a":{"id":"1"}}`, 4},
		{"query($no: Boolean!){me{best @include(if: $no){id} friends @skip(if: $no){id}}}", `{"no":false}`, `{"me":{"friends":[{"id":"1"}]}}`, 2},
		// An object of an interface has the largest weight of its types; the fields below have the weights of its own type.
		{"{node(id: 1){... on User{best{id}} ... on Book{author{id}}}}", `{}`, `{"node":{"author":{"id":"1"}}}`, 5 + 1},
		{"mutation{a:wave{id} b:wave{id}}", `{}`, `{"a":{"id":"1"},"b":null}`, 10 + 1 + 10},
		{"query A{me{id}} query B{me{id}}", `{}`, `{"me":{"id":"1"}}`, 0},
	} {
		d, err := p.ParseDocument(tt.query)
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
			continue
		}
		variables := decodeVariables(t, tt.variables)
		var got int64
		if actual, _ := d.CostByPath("", variables, []byte(tt.data)); actual != nil {
			got = *actual
		}
		if got != tt.want {
			t.Errorf("%s\n%s\ncost %d, want %d", tt.query, tt.data, got, tt.want)
		}
		if e := d.AnalyzeCost("", variables).Estimate; got > e.Cost {
			t.Errorf("%s cost %d, more than the estimate of %d", tt.query, got, e.Cost)
		}
	}
	d, err := p.ParseDocument("{me{id}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := d.CostByPath("", nil, []byte(`{"me":`)); got != nil {
		t.Errorf("a truncated response costs %d", *got)
	}
}

// TestCostByPath checks that the costs of the paths are those of the whole, the largest estimate first.
func TestCostByPath(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, loadSchema(t, `
		type Query { me: User users(first: Int): [User!]! @cost(weight: "7") @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }
		type User { id: ID! name: String @cost(weight: "3") best: User }`), noLimits())
	d, err := p.ParseDocument("{users(first: 10){best{name} ...F} a:me{...F} me{id}} fragment F on User{best{id}}")
	if err != nil {
		t.Fatal(err)
	}
	format := func(actual *int64, paths []limits.PathCost) string {
		text := "unknown:"
		if actual != nil {
			text = fmt.Sprint(*actual, ":")
		}
		for _, path := range paths {
			text += fmt.Sprint(" ", path.Path, " ", path.Requested)
			if path.Actual != nil {
				text += fmt.Sprint("/", *path.Actual)
			}
		}
		return text
	}
	if got, want := format(d.CostByPath("", nil, nil)), "unknown: users.best.name 30 users.best 21 users 17 me 2"; got != want {
		t.Errorf("without data %s\nwant %s", got, want)
	}
	const data = `{"users":[{"best":{"name":"A","id":"1"}},{"best":null}],"a":null,"me":{"id":"1"}}`
	if got, want := format(d.CostByPath("", nil, []byte(data))), "14: users.best.name 30/3 users.best 21/1 users 17/9 me 2/1"; got != want {
		t.Errorf("with data %s\nwant %s", got, want)
	}
	deep := strings.Repeat("{best", 30) + "{id}" + strings.Repeat("}", 30)
	if d, err = p.ParseDocument("{me" + deep + "}"); err != nil {
		t.Fatal(err)
	}
	if _, paths := d.CostByPath("", nil, nil); len(paths) != 20 || paths[0].Path != "me" {
		t.Errorf("%d paths, %+v", len(paths), paths)
	}
}

// BenchmarkActual computes the cost of a response with 100 courses and 10 reviews each.
func BenchmarkActual(b *testing.B) {
	d, err := newPolicy(b, contractSchema(b), noLimits()).ParseDocument("{courses(first:100){nodes{id title rating reviews(first:10){nodes{id rating body author{id name}}}}}}")
	if err != nil {
		b.Fatal(err)
	}
	list := func(n int, row string) string { return "[" + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + "]" }
	const review = `{"id":"UmV2aWV3OjEy","rating":4,"body":"Clear, and at a good pace.","author":{"id":"VXNlcjoxMg","name":"Ada Byron"}}`
	data := []byte(`{"courses":{"nodes":` + list(100, `{"id":"Q291cnNlOjEy","title":"A course","rating":4.5,"reviews":{"nodes":`+list(10, review)+`}}`) + `}}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if cost, _ := d.CostByPath("", nil, data); cost == nil || *cost != 50+1+100+100+(2+5)*1000 {
			b.Fatal(*cost)
		}
	}
}
