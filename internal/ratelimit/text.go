package ratelimit

// UnmarshalText parses a policy as ParsePolicy does.
func (p *Policy) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePolicy(string(text))
	return err
}

// UnmarshalText parses a slow-down as ParseSlowdown does.
func (s *Slowdown) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSlowdown(string(text))
	return err
}
