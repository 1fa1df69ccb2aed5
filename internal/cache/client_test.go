package cache

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

func TestNewClient(t *testing.T) {
	t.Parallel()
	type server struct {
		Network, Addr, User, Password string
		DB                            int
		TLS                           bool
	}
	for url, want := range map[string]server{
		"redis://cache":                         {"tcp", "cache:6379", "", "", 0, false},
		"redis://me:p%2Fw,d@cache:7000/3":       {"tcp", "cache:7000", "me", "p/w,d", 3, false},
		"rediss://:secret@[::1]:6380/0":         {"tcp", "[::1]:6380", "", "secret", 0, true},
		"unix:///run/redis/redis.sock?db=2":     {"unix", "/run/redis/redis.sock", "", "", 2, false},
		"unix://me:secret@/run/r,s.sock":        {"unix", "/run/r,s.sock", "me", "secret", 0, false},
		"redis://cache:6379/0?pool_size=7":      {"tcp", "cache:6379", "", "", 0, false},
		"redis://cache?read_timeout=10s&db=1":   {"tcp", "cache:6379", "", "", 1, false},
		"redis://a.example.com:6379?protocol=2": {"tcp", "a.example.com:6379", "", "", 0, false},
	} {
		client, err := newRedisClient(url, clientOptions{tls: &tls.Config{}, deadline: defaultDeadline, onConnect: func() {}})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		o := client.(*redis.Client).Options()
		got := server{o.Network, o.Addr, o.Username, o.Password, o.DB, o.TLSConfig != nil}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
		if o.ReadTimeout != defaultDeadline || !o.ContextTimeoutEnabled {
			t.Errorf("%s: read timeout %v", url, o.ReadTimeout)
		}
		_ = client.Close()
	}
}

func TestNewClientOfCluster(t *testing.T) {
	t.Parallel()
	client, err := newRedisClient("rediss://me:a@b,c@one:7000,two,[::1]:7002/0?pool_size=5",
		clientOptions{tls: &tls.Config{}, deadline: defaultDeadline, onConnect: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	o := client.(*redis.ClusterClient).Options()
	if diff := cmp.Diff([]string{"one:7000", "two:6379", "[::1]:7002"}, o.Addrs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if o.Username != "me" || o.Password != "a@b,c" || o.TLSConfig == nil || o.PoolSize != 5 || o.ReadTimeout != defaultDeadline {
		t.Errorf("got user %s, pool size %d, read timeout %v", o.Username, o.PoolSize, o.ReadTimeout)
	}
}

func TestParseAddressOfSentinels(t *testing.T) {
	t.Parallel()
	a, err := parseAddress("rediss+sentinel://me:a%2Fb@one,two:7000,[::1]/main/3?sentinel_username=s&sentinel_password=p%26w")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one:26379", "two:7000", "[::1]:26379"}, a.hosts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if o := a.options; a.master != "main" || a.sentinelUsername != "s" || a.sentinelPassword != "p&w" || o.Username != "me" || o.Password != "a/b" || o.DB != 3 || o.TLSConfig == nil {
		t.Errorf("%+v, %+v", a, o)
	}
}

// TestNewClientHidesSecrets puts a part of the password where net/url and go-redis would quote it in
// their errors.
func TestNewClientHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "cache:6379", "http://cache", "redis://:hush/hush@cache", "redis://me:hush%zz@cache", "redis://me:6379/hush@cache",
		"redis://one,two:hush/0", "redis://cache/hush", "redis://cache?hush=1", "unix://", "redis://one,two/3",
		"redis+sentinel://:hush@one", "redis+sentinel://one/main/hush", "redis+sentinel://one/main?hush=1", "unix+sentinel://me:hush@/main",
	} {
		client, err := newRedisClient(url, clientOptions{tls: &tls.Config{}, deadline: defaultDeadline, onConnect: func() {}})
		switch {
		case err == nil:
			_ = client.Close()
			t.Errorf("%q: accepted", url)
		case strings.Contains(err.Error(), "hush"):
			t.Errorf("%q: the error contains the password: %v", url, err)
		case !strings.Contains(err.Error(), "Redis URL"):
			t.Errorf("%q: %v", url, err)
		}
	}
}
