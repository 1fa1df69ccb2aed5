package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/middleware"
)

// CheckSettings returns every mistake with which no server starts.
func CheckSettings(c *config.Config) error {
	_, addrErr := net.ResolveTCPAddr("tcp", c.Addr)
	_, corsErr := middleware.CORS(c.CORSAllowedOrigins, c.CORSCredentials)
	_, proxiesErr := middleware.ParseProxies(c.TrustedProxies)
	_, manifestErr := ReadManifest(c.PersistedManifest)
	_, warmErr := gql.ReadWarmOperations(c.CacheWarm...)
	shared, sharedErr := openSharedState(c, slog.New(slog.DiscardHandler))
	if sharedErr == nil {
		_ = shared.closeStore()
	}
	keys, keysErr := readKeyBundle(c.JWTKeys)
	if keysErr == nil && c.JWTSecret+keys != "" {
		_, keysErr = auth.NewTokens(c.JWTSecret, keys)
	}
	return errors.Join(
		nameSetting("ADDR", addrErr), nameSetting("CORS_ALLOWED_ORIGINS", corsErr), nameSetting("TRUSTED_PROXIES", proxiesErr), nameSetting("PERSISTED_QUERY_MANIFEST", manifestErr),
		nameSetting("CACHE_WARM", warmErr), sharedErr, keysErr,
	)
}

// nameSetting adds the name of a setting to an error.
func nameSetting(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
