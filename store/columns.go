package store

import "github.com/7p-education/api/edu"

// column is a column of a row, or a few columns that belong together: the SQL that selects it, and
// the fields of T that it is scanned into.
type column[T any] struct {
	mask    edu.Columns
	sql     string
	targets func(*T) []any
}

// addColumns appends the SQL of the requested columns.
func addColumns[T any](s *statement, all []column[T], requested edu.Columns) *statement {
	for _, c := range all {
		if requested.HasAny(c.mask) {
			s.addSQL(", ", c.sql)
		}
	}
	return s
}

// appendScanTargets appends the fields of row that the requested columns are scanned into.
func appendScanTargets[T any](targets []any, row *T, all []column[T], requested edu.Columns) []any {
	for _, c := range all {
		if requested.HasAny(c.mask) {
			targets = append(targets, c.targets(row)...)
		}
	}
	return targets
}
