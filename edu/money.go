package edu

// Decimal is an exact decimal number as text, e.g. 49.90.
type Decimal string

// IsValid reports whether the text is a number: an optional minus, then 1 to 32 digits with at most
// one point after the first digit.
func (d Decimal) IsValid() bool {
	digits, dot := 0, false
	for i, r := range d {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '-' && i == 0:
		case r == '.' && !dot && digits > 0:
			dot = true
		default:
			return false
		}
	}
	return digits > 0 && digits <= 32
}

// Money is an amount of money. The amount has two decimals.
type Money struct {
	Amount       Decimal
	CurrencyCode string
}
