package cache

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// errInvalidURL does not contain the parse error: url.Parse quotes the invalid text, which may be
// half of a password with a slash in it.
var errInvalidURL = errors.New("invalid Redis URL: write redis://user:password@host:6379/0, rediss:// for TLS or " +
	"unix:///path/of/socket, with several hosts of a cluster separated by commas, and percent-encode " +
	"the special characters of a password")

// newRedisClient returns a client of the server or cluster at rawURL. It calls onConnect before each
// new connection is used.
func newRedisClient(rawURL string, deadline time.Duration, onConnect func()) (redis.UniversalClient, error) {
	first, others := splitHosts(rawURL)
	o, err := redis.ParseURL(first)
	if err != nil {
		return nil, errInvalidURL
	}
	// Contexts set the deadlines. A retry would come when the caller has already continued without
	// the value.
	o.ContextTimeoutEnabled = true
	o.DialTimeout = dialTimeout
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = deadline, deadline, deadline
	o.MaxRetries, o.DialerRetries = -1, 1
	// These options would send further commands on each new connection, which Redis before 7.2 does
	// not know.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.OnConnect = func(context.Context, *redis.Conn) error {
		onConnect()
		return nil
	}
	if len(others) == 0 {
		return redis.NewClient(o), nil
	}
	if o.DB != 0 {
		return nil, errors.New("the Redis URL has several hosts, which means a cluster, and a cluster has database 0 only")
	}
	addrs := []string{o.Addr}
	for _, other := range others {
		node, err := redis.ParseURL(other)
		if err != nil {
			return nil, errInvalidURL
		}
		addrs = append(addrs, node.Addr)
	}
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, Protocol: o.Protocol,
		ContextTimeoutEnabled: true, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolTimeout: o.PoolTimeout, PoolSize: o.PoolSize, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries,
		DisableIdentity: true, MaintNotificationsConfig: o.MaintNotificationsConfig, OnConnect: o.OnConnect,
	}), nil
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
