package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
)

// CheckSettings returns every mistake with which no server starts.
func CheckSettings(c *config.Config) error {
	_, err := readInputs(c)
	return errors.Join(c.Check(), err)
}

// inputs has the contents of the files that settings name.
type inputs struct {
	manifest       []*persisted.Document
	warmOperations []gql.WarmOperation
}

// readInputs reads the files that settings name, and checks the settings that only their users can
// parse. It returns every mistake.
func readInputs(c *config.Config) (in inputs, err error) {
	var manifestErr, warmErr error
	in.manifest, manifestErr = ReadManifest(c.PersistedManifest)
	in.warmOperations, warmErr = gql.ReadWarmOperations(c.ResponseCacheWarmFiles...)
	return in, errors.Join(
		checkAddr(c.Addr), checkAdminAddr(c), checkRedis(c, "REDIS_URL", c.RedisURL), checkRedis(c, "REDIS_LIMITS_URL", c.RedisLimitsURL), checkKeys(c),
		nameSetting("PERSISTED_QUERY_MANIFEST", manifestErr), nameSetting("RESPONSE_CACHE_WARM_FILES", warmErr),
	)
}

func checkAddr(addr string) error {
	if _, err := net.ResolveTCPAddr("tcp", addr); err != nil {
		return fmt.Errorf("ADDR: %w: write a port after a colon, such as :8081 or 127.0.0.1:8081", err)
	}
	return nil
}

func checkRedis(c *config.Config, setting, url string) error {
	if url == "" {
		return nil
	}
	r, err := cache.OpenRedis(redisOptions(c, url, slog.New(slog.DiscardHandler)))
	if err == nil {
		err = r.Close()
	}
	return nameSetting(setting, err)
}

func checkKeys(c *config.Config) error {
	keys, err := readKeyBundle(c.JWTKeys)
	if err == nil && c.JWTSecret+keys != "" {
		_, err = auth.NewTokens(c.JWTSecret, keys)
	}
	return err
}

// nameSetting adds the name of a setting to an error.
func nameSetting(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
