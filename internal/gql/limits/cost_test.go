package limits_test

import (
	"encoding/json"
	"testing"

	"github.com/7p-education/api/internal/gql/limits"
)

// costSchema uses each rule of the cost directives once.
const costSchema = `
	type Query {
		free: Int
		named: Thing
		weighed: Thing @cost(weight: "5")
		heavy: Heavy
		scalar: Weight
		any: Any
		sized(kind: [Kind!], filter: Filter, tax: Int @cost(weight: "3")): Thing
		assumed: [Thing] @listSize(assumedSize: 7)
		unsaid: [Thing]
		texts: [String] @cost(weight: "2")
		rows(first: Int! = 3): [Thing] @listSize(slicingArguments: ["first"])
		capped(last: Int! = 3): [Thing] @listSize(slicingArguments: ["last"], assumedSize: 366)
		ids(ids: [ID!]!): [Thing] @listSize(slicingArguments: ["ids"])
		page(first: Int, last: Int): Page @listSize(slicingArguments: ["first", "last"], sizedFields: ["nodes", "edges"], requireOneSlicingArgument: false)
		bare: Page
	}
	type Mutation { write: Int expensive: Int @cost(weight: "30") change: Thing }
	type Thing { id: ID! other: Thing price: Int @cost(weight: "4") page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes", "edges"], requireOneSlicingArgument: false) }
	type Heavy implements Any @cost(weight: "50") { id: ID! price: Int @cost(weight: "9") }
	type Light implements Any @cost(weight: "0.25") { id: ID! price: Int }
	interface Any { id: ID! price: Int }
	type Page { nodes: [Thing] edges: [Edge] info: Info total: Int @cost(weight: "6") }
	type Edge { cursor: String node: Thing }
	type Info { more: Boolean }
	scalar Weight @cost(weight: "2")
	enum Kind @cost(weight: "0.5") { A B }
	input Filter { kind: Kind tax: Int @cost(weight: "10") and: [Filter!] }`

var costCases = []struct {
	text      string
	variables string
	cost      int64
	fields    int64
}{
	{"{free __typename}", "", 0, 2},
	{"{named{id}}", "", 1, 2},
	{"{weighed{id}}", "", 6, 2},
	{"{heavy{id}}", "", 50, 2},
	{"{scalar}", "", 2, 1},
	{"{a:scalar b:scalar c:scalar}", "", 6, 3},
	{"{any{id}}", "", 50, 2},    // the largest weight of its types
	{"{any{price}}", "", 59, 2}, // the same for a field
	{"{any{... on Light{id}}}", "", 50, 2},
	{"{named{price other{price}}}", "", 10, 4},

	// Arguments.
	{"{sized{id}}", "", 1, 2},
	{"{sized(kind:[A,B,A]){id}}", "", 3, 2}, // 2.5, rounded up
	{"{sized(kind:A, tax:3){id}}", "", 5, 2},
	{"{sized(filter:{kind:A}){id}}", "", 2, 2},
	{"{sized(filter:{tax:1}){id}}", "", 11, 2},
	{"{sized(filter:{and:[{},{and:[{tax:1}]}]}){id}}", "", 11, 2},
	{"{sized(filter:null, tax:null){id}}", "", 4, 2},
	{"query($f:Filter){sized(filter:$f){id}}", `{}`, 1, 2},
	{"query($f:Filter){sized(filter:$f){id}}", `{"f":null}`, 1, 2},
	{"query($f:Filter={tax:1}){sized(filter:$f){id}}", `{}`, 11, 2},
	{"query($f:Filter={tax:1}){sized(filter:$f){id}}", `{"f":{}}`, 1, 2},
	{"query($f:Filter){sized(filter:$f){id}}", `{"f":{"and":[{},{"and":[{"tax":1}]}]}}`, 11, 2},
	{"query($f:[Filter!]){sized(filter:{and:$f}){id}}", `{"f":[{"tax":1},{"tax":2}]}`, 21, 2},
	{"query($f:Filter){a:sized(filter:$f){id} b:sized(filter:$f){id}}", `{"f":{"tax":1}}`, 22, 4},

	// Rows.
	{"{assumed{id}}", "", 7, 8},
	{"{unsaid{id}}", "", 20, 21},
	{"{texts}", "", 2, 1},
	{"{rows{id}}", "", 3, 4},
	{"{rows(first:5){id}}", "", 5, 6},
	{"{rows(first:0){id}}", "", 0, 1},
	{"{rows(first:-5){id}}", "", 0, 1},
	{"{rows(first:1000){id}}", "", 100, 101},
	{"{capped(last:1000){id}}", "", 366, 367},
	{"{capped{id}}", "", 3, 4},
	{"{rows(first:5){other{id}}}", "", 10, 11},
	{"{ids(ids:[1,2,3]){id}}", "", 3, 4},
	{"{ids(ids:1){id}}", "", 1, 2},
	{"query($i:[ID!]!){ids(ids:$i){id}}", `{"i":["a","b"]}`, 2, 3},
	{"query($i:[ID!]!){ids(ids:$i){id}}", `{"i":"a"}`, 1, 2},
	{"query($n:Int){rows(first:$n){id}}", `{"n":9}`, 9, 10},
	{"query($n:Int){rows(first:$n){id}}", `{}`, 3, 4},
	{"query($n:Int=4){rows(first:$n){id}}", `{}`, 4, 5},
	{"query($n:Int=4){rows(first:$n){id}}", `{"n":1e400}`, 100, 101},

	// Pages: only nodes and edges have the rows of the page.
	{"{page{total}}", "", 7, 2},
	{"{page(first:5){nodes{id}}}", "", 6, 7},
	{"{page(last:5){nodes{id}}}", "", 6, 7},
	{"{page(first:3, last:5){nodes{id}}}", "", 6, 7},
	{"{page(first:null){nodes{id}}}", "", 21, 22},
	{"{page{nodes{id}}}", "", 21, 22},
	{"{bare{nodes{id}}}", "", 21, 22},
	{"{page(first:5){edges{cursor node{id}}}}", "", 11, 17},
	{"{page(first:5){nodes{id} info{more} total}}", "", 13, 10},
	{"query($n:Int){page(first:$n){nodes{id}}}", `{"n":5}`, 6, 7},
	{"{page(first:5){nodes{page(first:4){nodes{id}}}}}", "", 1 + 5*(1+1+4), 2 + 5*(1+1+4)},

	// A fragment costs what its selections cost in place of the spread.
	{"{page(first:5){...F}} fragment F on Page{nodes{id}}", "", 6, 7},
	{"{a:page(first:5){...F} b:page(first:7){...F}} fragment F on Page{nodes{id}}", "", 14, 16},
	{"{page(first:5){... on Page{...{nodes{id}}}}}", "", 6, 7},
	{"{page(first:5){...F}} fragment F on Page{...G ...G} fragment G on Page{nodes{id} total}", "", 1 + 2*(5+6), 1 + 2*(1+5+1)},

	// Conditions.
	{"{named @skip(if:true){id}}", "", 0, 0},
	{"{named @skip(if:false) @include(if:true){id}}", "", 1, 2},
	{"{...@include(if:false){named{id}} ...F@skip(if:true)} fragment F on Query{named{id}}", "", 0, 0},
	{"query($b:Boolean!){named @include(if:$b){id}}", `{"b":false}`, 0, 0},
	{"query($b:Boolean=true){free @skip(if:$b)}", `{}`, 0, 0},
	{"query($b:Boolean=true){free @skip(if:$b)}", `{"b":false}`, 0, 1},

	// Mutations, and unknown fields.
	{"mutation{write}", "", 10, 1},
	{"mutation{a:write b:write expensive change{id}}", "", 10 + 10 + 30 + 11, 5},
	{"{nothing(first:50){nothing nothing{nothing}}}", "", 0, 4},
	{"{nothing{...F}} fragment F on Thing{id other{id}}", "", 1, 4},
	{"subscription{nothing{nothing}}", "", 0, 2},
}

func TestCost(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, loadSchema(t, costSchema), noLimits())
	for _, tt := range costCases {
		d, err := p.ParseDocument(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		want := limits.Estimate{Cost: tt.cost, Fields: tt.fields}
		if tt.variables == "" {
			checkCost(t, d, nil, want)
			continue
		}
		checkCost(t, d, decodeVariables(t, tt.variables), want)
		var plain map[string]any // with numbers as float64, which cannot represent all of them
		if json.Unmarshal([]byte(tt.variables), &plain) == nil {
			checkCost(t, d, plain, want)
		}
	}
}

func checkCost(t *testing.T, d *limits.Document, variables map[string]any, want limits.Estimate) {
	t.Helper()
	if got, rejection := d.CheckCost("", variables); rejection != nil || got != want {
		t.Errorf("%s with %v\ncosts %+v %v, want %+v", d.Query.Position.Src.Input, variables, got, rejection, want)
	}
}
