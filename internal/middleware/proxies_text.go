package middleware

import "strings"

// UnmarshalText adds the networks of a list that is separated by commas.
func (p *TrustedProxies) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	networks, err := ParseProxies(strings.Split(string(text), ","))
	*p = append(*p, networks...)
	return err
}
