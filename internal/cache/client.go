package cache

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// clientOptions are what newRedisClient needs besides the address.
type clientOptions struct {
	tls       *tls.Config // of rediss://
	deadline  time.Duration
	onConnect func() // runs before each new connection is used
}

// newRedisClient returns a client of the server, the cluster or the master of Sentinels at rawURL.
func newRedisClient(rawURL string, c clientOptions) (redis.UniversalClient, error) {
	a, err := parseAddress(rawURL)
	if err != nil {
		return nil, err
	}
	o := a.options
	// Contexts set the deadlines. A retry would come when the caller has already continued without
	// the value.
	o.ContextTimeoutEnabled = true
	o.DialTimeout = dialTimeout
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.deadline, c.deadline, c.deadline
	o.MaxRetries, o.DialerRetries = -1, 1
	// These options would send further commands on each new connection, which Redis before 7.2 does
	// not know.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.OnConnect = func(context.Context, *redis.Conn) error {
		c.onConnect()
		return nil
	}
	if o.TLSConfig != nil {
		o.TLSConfig = c.tls
	}
	switch {
	case a.master != "":
		return newSentinelClient(a), nil
	case len(a.hosts) > 1:
		return newClusterClient(a)
	}
	return redis.NewClient(o), nil
}

func newClusterClient(a address) (redis.UniversalClient, error) {
	o := a.options
	if o.DB != 0 {
		return nil, errors.New("the Redis URL has several hosts, which means a cluster, and a cluster has database 0 only")
	}
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: a.hosts, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, Protocol: o.Protocol,
		ContextTimeoutEnabled: true, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolTimeout: o.PoolTimeout, PoolSize: o.PoolSize, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries,
		DisableIdentity: true, MaintNotificationsConfig: o.MaintNotificationsConfig, OnConnect: o.OnConnect,
	}), nil
}

// newSentinelClient returns a client of the master that Sentinels name, which it queries for each new connection.
func newSentinelClient(a address) redis.UniversalClient {
	o := a.options
	return redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: a.master, SentinelAddrs: a.hosts, SentinelUsername: a.sentinelUsername, SentinelPassword: a.sentinelPassword,
		Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig, Protocol: o.Protocol,
		ContextTimeoutEnabled: true, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolTimeout: o.PoolTimeout, PoolSize: o.PoolSize, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries,
		DisableIdentity: true, OnConnect: o.OnConnect,
	})
}

// withDefaultPort returns a host with its port.
func withDefaultPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(trimBrackets(host), port)
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
