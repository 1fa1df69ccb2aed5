package limits

import "testing"

// TestIsLarge checks the least values of large operations, and that no operation of our clients is one.
func TestIsLarge(t *testing.T) {
	t.Parallel()
	for e, want := range map[Estimate]bool{
		{Cost: 4_999, Fields: 19_999, IntrospectionCost: 49_999}: false,
		{Cost: 3_848, Fields: 4_101}:                             false, // Search, and the fields of BrowseTree
		{Cost: 5_000}:                                            true,
		{Fields: 20_000}:                                         true,
		{IntrospectionCost: 50_000}:                              true,
	} {
		if got := e.isLarge(); got != want {
			t.Errorf("%+v: %v", e, got)
		}
	}
}
