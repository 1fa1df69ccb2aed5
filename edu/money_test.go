package edu_test

import (
	"testing"

	"github.com/7p-education/api/edu"
)

func TestDecimalIsValid(t *testing.T) {
	t.Parallel()
	for d, valid := range map[edu.Decimal]bool{
		"0": true, "49.90": true, "-1.5": true, "12345678.99": true,
		"": false, "-": false, ".": false, "1.2.3": false, "1e5": false, "NaN": false, "1,5": false, "+1": false, "1-": false, "١": false,
		"123456789012345678901234567890123": false,
	} {
		if d.IsValid() != valid {
			t.Errorf("%q: %v, want %v", d, d.IsValid(), valid)
		}
	}
}
