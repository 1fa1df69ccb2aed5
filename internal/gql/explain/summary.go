package explain

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Summary is what must not get worse in the plan of an operation.
type Summary struct {
	Rounds     int `json:"rounds"`
	Statements int `json:"statements"`
	// Indexed are the tables that a statement, by its name, reads by indexes alone.
	Indexed map[string][]string `json:"indexed"`
}

// Summarize returns the summary of a plan that has the plans of its statements.
func (p *Plan) Summarize() Summary {
	s := Summary{Rounds: p.Rounds, Statements: p.Statements, Indexed: map[string][]string{}}
	for name, tables := range p.readTables() {
		for table, read := range tables {
			if read.isIndexed() {
				s.Indexed[name] = append(s.Indexed[name], table)
			}
		}
		slices.Sort(s.Indexed[name])
	}
	return s
}

// FindWorse returns what is worse in a later plan, one line each.
func (s Summary) FindWorse(later *Plan) (worse []string) {
	if later.Rounds > s.Rounds {
		worse = append(worse, fmt.Sprintf("%d rounds, %d before", later.Rounds, s.Rounds))
	}
	if later.Statements > s.Statements {
		worse = append(worse, fmt.Sprintf("%d statements, %d before", later.Statements, s.Statements))
	}
	tables := later.readTables()
	for _, name := range slices.Sorted(maps.Keys(s.Indexed)) {
		for _, table := range s.Indexed[name] {
			if read, ok := tables[name][table]; ok && !read.isIndexed() {
				worse = append(worse, fmt.Sprintf("%s reads all of %s, by an index before", name, table))
			}
		}
	}
	return worse
}

// tableRead is how a statement reads a table.
type tableRead struct {
	byIndex, whole bool
	isPartition    bool
}

// isIndexed reports whether the table is read by indexes alone. Of partitions, those without rows have no use for one.
func (r tableRead) isIndexed() bool { return r.byIndex && (!r.whole || r.isPartition) }

// partitionSuffix is what the name of a partition adds to that of its table.
var partitionSuffix = regexp.MustCompile(`_(\d{4}_\d{2}|default)$`)

// readTables returns how each statement, by its name, reads its tables.
func (p *Plan) readTables() map[string]map[string]tableRead {
	all := map[string]map[string]tableRead{}
	for _, t := range p.Trips {
		for _, s := range t.Statements {
			root, ok := s.Root()
			if !ok {
				continue
			}
			if all[s.Name] == nil {
				all[s.Name] = map[string]tableRead{}
			}
			root.addReads(all[s.Name])
		}
	}
	return all
}

// addReads adds the tables that a node and those below it read.
func (n Node) addReads(tables map[string]tableRead) {
	name := partitionSuffix.ReplaceAllString(n.Relation, "")
	read := tables[name]
	read.isPartition = name != n.Relation
	switch n.Type {
	case "Seq Scan":
		read.whole = true
		tables[name] = read
	case "Index Scan", "Index Only Scan", "Bitmap Heap Scan":
		read.byIndex = true
		tables[name] = read
	}
	for _, child := range n.Plans {
		child.addReads(tables)
	}
}
