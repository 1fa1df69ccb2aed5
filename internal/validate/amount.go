package validate

import (
	"strings"

	"github.com/7p-education/api/edu"
)

// ValidateAmount returns an amount of money. It must be from 0 to 99999999.99 with at most two decimals,
// the range of a course's price.
func (in Input) ValidateAmount(field string, amount edu.Decimal) edu.Decimal {
	whole, decimals, _ := strings.Cut(string(amount), ".")
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > 8 || len(decimals) > 2 || strings.HasPrefix(whole, "-") {
		in.RejectField(field, "must be from {min} to {max}, with at most two decimals; it is {actual}", "0", "99999999.99", amount)
	}
	return amount
}
