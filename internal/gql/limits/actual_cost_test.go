package limits_test

import (
	"strings"
	"testing"
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
		got, err := d.ActualCost("", variables, []byte(tt.data))
		if err != nil || got != tt.want {
			t.Errorf("%s\n%s\ncost %d %v, want %d", tt.query, tt.data, got, err, tt.want)
		}
		if e := d.AnalyzeCost("", variables).Estimate; got > e.Cost {
			t.Errorf("%s cost %d, more than the estimate of %d", tt.query, got, e.Cost)
		}
	}
	d, err := p.ParseDocument("{me{id}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.ActualCost("", nil, []byte(`{"me":`)); err == nil {
		t.Errorf("a truncated response costs %d", got)
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
		if cost, err := d.ActualCost("", nil, data); err != nil || cost != 50+1+100+100+2*1000 {
			b.Fatal(cost, err)
		}
	}
}
