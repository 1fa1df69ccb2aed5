package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// PostgresURL is the address of a PostgreSQL: a URL, or keywords and values as libpq has them.
type PostgresURL string

// UnmarshalText parses an address. Its error does not repeat the text, which may hold a password.
func (u *PostgresURL) UnmarshalText(text []byte) error {
	s := string(text)
	if s != "" && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") && !strings.Contains(s, "=") {
		return errors.New("not a PostgreSQL address: write postgres://user:password@host/database")
	}
	*u = PostgresURL(s)
	return nil
}

// PostgresURLs are the addresses of several PostgreSQLs.
type PostgresURLs []PostgresURL

// UnmarshalText parses URLs that are separated by blanks or commas, or one address of keywords and values.
// Its error does not repeat the text.
func (u *PostgresURLs) UnmarshalText(text []byte) error {
	*u = nil
	for _, address := range splitAddresses(string(text)) {
		var one PostgresURL
		if err := one.UnmarshalText([]byte(address)); err != nil {
			return err
		}
		*u = append(*u, one)
	}
	return nil
}

var startOfURL = regexp.MustCompile(`(^|[\s,]+)postgres(ql)?://`)

// splitAddresses splits a text before each URL: a comma within a URL separates hosts of one database.
func splitAddresses(text string) (addresses []string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	starts := startOfURL.FindAllStringIndex(text, -1)
	if len(starts) == 0 || starts[0][0] > 0 {
		return []string{text}
	}
	for i := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		addresses = append(addresses, strings.Trim(text[starts[i][0]:end], ", \t\r\n"))
	}
	return addresses
}

// RedisPrefix is the beginning of keys in Redis. Braces, which select the slot of a cluster, and the
// wildcards of SCAN are not allowed in it.
type RedisPrefix string

// maxRedisPrefixLength limits the length of a prefix, which each key repeats.
const maxRedisPrefixLength = 32

var validRedisPrefix = regexp.MustCompile(`^[A-Za-z0-9:._-]+$`)

// UnmarshalText checks the characters and the length of a prefix.
func (p *RedisPrefix) UnmarshalText(text []byte) error {
	if len(text) > maxRedisPrefixLength {
		return fmt.Errorf("at most %d characters, and has %d", maxRedisPrefixLength, len(text))
	}
	if !validRedisPrefix.Match(text) {
		return errors.New("not a prefix: use letters, digits, and any of : . _ -")
	}
	*p = RedisPrefix(text)
	return nil
}

// KeySetURL is the address of a JSON Web Key Set.
type KeySetURL string

// UnmarshalText parses an address. An attacker who can change keys in transit can sign in as any
// user, so the address must be https://, except on this machine. The error does not repeat the
// text, which may hold a password.
func (u *KeySetURL) UnmarshalText(text []byte) error {
	s := string(text)
	if s != "" {
		parsed, err := url.Parse(s)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLoopbackHost(parsed.Hostname())) {
			return errors.New("not an address of a key set: write https://…, or http://… on this machine")
		}
	}
	*u = KeySetURL(s)
	return nil
}

func isLoopbackHost(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// BearerToken is the token of some routes, which callers send as Authorization: Bearer ….
type BearerToken string

// minBearerTokenLength is the least length of a token: 16 random characters cannot be guessed by
// sending requests.
const minBearerTokenLength = 16

// UnmarshalText checks the length of a token.
func (b *BearerToken) UnmarshalText(text []byte) error {
	if n := len(text); n > 0 && n < minBearerTokenLength {
		return fmt.Errorf("needs at least %d characters, and has %d", minBearerTokenLength, n)
	}
	*b = BearerToken(text)
	return nil
}

// Share is a part of a whole, from 0 to 1.
type Share float64

// UnmarshalText parses a number from 0 to 1.
func (s *Share) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(n >= 0 && n <= 1) {
		return errors.New("not a share: write a number from 0 to 1, such as 0.1")
	}
	*s = Share(n)
	return nil
}

// ConcurrencyLimit is a number of operations at a time.
type ConcurrencyLimit struct {
	// Adapts is set for auto; otherwise N is the limit, 0 for none.
	Adapts bool
	N      int
}

// UnmarshalText parses auto, off or a number.
func (c *ConcurrencyLimit) UnmarshalText(text []byte) error {
	switch s := string(text); s {
	case "auto":
		*c = ConcurrencyLimit{Adapts: true}
	case "off":
		*c = ConcurrencyLimit{}
	default:
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return errors.New("not a limit: write auto, off, or a number from 1")
		}
		*c = ConcurrencyLimit{N: n}
	}
	return nil
}

// BaseURL is a URL that paths are appended to.
type BaseURL string

// UnmarshalText parses a URL of http or https without a query and a fragment. Slashes at its end are dropped.
func (u *BaseURL) UnmarshalText(text []byte) error {
	s := strings.TrimRight(string(text), "/")
	if s != "" {
		parsed, err := url.Parse(s)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.User != nil || strings.ContainsAny(s, "?#") {
			return errors.New("not a base URL: write https://host or https://host/path, without a user, a query and a fragment")
		}
	}
	*u = BaseURL(s)
	return nil
}

// SigningKey is a secret that signs URLs.
type SigningKey string

// minSigningKeyLength is the least length of a signing key: 32 random characters have more bits than can be guessed.
const minSigningKeyLength = 32

// UnmarshalText checks the length of a key.
func (k *SigningKey) UnmarshalText(text []byte) error {
	if n := len(text); n > 0 && n < minSigningKeyLength {
		return fmt.Errorf("needs at least %d characters, and has %d", minSigningKeyLength, n)
	}
	*k = SigningKey(text)
	return nil
}
