package loaders

import (
	"slices"
	"testing"
)

// Every loader has the name of its field.
func TestLoaderNames(t *testing.T) {
	t.Parallel()
	list := loaderNames()
	sorted := slices.Sorted(slices.Values(list))
	if unique := slices.Compact(sorted); len(unique) != len(list) || slices.Contains(list, "") {
		t.Errorf("got %q", list)
	}
	if !slices.Contains(list, "VideosByCourse") || len(list) < 30 {
		t.Errorf("got %q", list)
	}
}
