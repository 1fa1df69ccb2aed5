package cache

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errInvalidURL does not contain the parse error: url.Parse quotes the invalid text, which may be
// half of a password with a slash in it.
var errInvalidURL = errors.New("invalid Redis URL: write redis://user:password@host:6379/0, rediss:// for TLS, " +
	"unix:///path/of/socket or redis+sentinel://host:26379/master/0, with several hosts separated by commas, " +
	"and percent-encode the special characters of a password")

const (
	sentinelSuffix = "+sentinel" // of the scheme
	sentinelPort   = "26379"
)

// address is a parsed Redis URL.
type address struct {
	options *redis.Options // of the first host
	hosts   []string       // with ports: of the server, of the nodes of a cluster, or of the Sentinels

	master                             string // the name that Sentinels have for it; "" without Sentinels
	sentinelUsername, sentinelPassword string
}

// parseAddress parses a URL. Several hosts without the scheme of Sentinels mean a cluster.
func parseAddress(rawURL string) (a address, err error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	plainScheme, isSentinel := strings.CutSuffix(scheme, sentinelSuffix)
	if isSentinel {
		rawURL = plainScheme + "://" + rest
	}
	first, others := splitHosts(rawURL)
	if isSentinel {
		if first, err = a.takeSentinelParts(first); err != nil {
			return a, err
		}
	}
	if a.options, err = redis.ParseURL(first); err != nil || isSentinel && a.options.Network != "tcp" {
		return a, errInvalidURL
	}
	for _, host := range append([]string{first}, others...) {
		node, err := redis.ParseURL(host)
		if err != nil {
			return a, errInvalidURL
		}
		addr := node.Addr
		if parsed, err := url.Parse(host); isSentinel && err == nil {
			addr = withDefaultPort(parsed.Host, sentinelPort)
		}
		a.hosts = append(a.hosts, addr)
	}
	return a, nil
}

// describe returns a text for what the address leads to, without users and passwords.
func (a address) describe() string {
	return fmt.Sprintf("%q %q %d", slices.Sorted(slices.Values(a.hosts)), a.master, a.options.DB)
}

// takeSentinelParts removes from a URL what concerns Sentinels, and returns the rest.
func (a *address) takeSentinelParts(rawURL string) (rest string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", errInvalidURL
	}
	var database string
	a.master, database, _ = strings.Cut(strings.Trim(u.Path, "/"), "/")
	if a.master == "" {
		return "", errors.New("the Redis URL has no name of the master: write redis+sentinel://host:26379/master/0")
	}
	query := u.Query()
	a.sentinelUsername, a.sentinelPassword = query.Get("sentinel_username"), query.Get("sentinel_password")
	query.Del("sentinel_username")
	query.Del("sentinel_password")
	u.Path, u.RawQuery = "/"+database, query.Encode()
	return u.String(), nil
}

// splitHosts splits a URL of several hosts into a URL of the first host, with all other parts, and
// URLs of the other hosts.
func splitHosts(rawURL string) (first string, others []string) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || scheme == "unix" {
		return rawURL, nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndex(rest[:end], "@") + 1 // a password may hold commas
	hosts := strings.Split(rest[at:end], ",")
	for _, host := range hosts[1:] {
		others = append(others, scheme+"://"+host)
	}
	return scheme + "://" + rest[:at] + hosts[0] + rest[end:], others
}
