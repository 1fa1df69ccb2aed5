package app

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
)

// NewTokens returns the issuer and verifier of access tokens. persistent reports whether its keys
// outlive the process.
func NewTokens(c *config.Config) (t *auth.Tokens, persistent bool, err error) {
	bundle, err := readKeyBundle(c.JWTKeys)
	if err != nil {
		return nil, false, err
	}
	secret, persistent := c.JWTSecret, true
	switch {
	case secret+bundle != "":
	case c.DatabaseURL != "":
		secret, persistent = generateSecret(), false
	default:
		if secret, err = loadOrCreateSecret(embeddedPath(c, "jwt-secret")); err != nil {
			return nil, false, err
		}
	}
	t, err = auth.NewTokens(secret, bundle)
	return t, persistent, err
}

func generateSecret() string { return rand.Text() + rand.Text() }

// loadOrCreateSecret reads the secret in the directory of the private PostgreSQL, or creates one.
func loadOrCreateSecret(file string) (string, error) {
	if b, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	secret := generateSecret()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("store the secret for access tokens: %w", err)
	}
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store the secret for access tokens: %w", err)
	}
	return secret, nil
}

// readKeyBundle returns the PEM bundle in the setting itself, or in the file that it names.
func readKeyBundle(setting string) (string, error) {
	if setting == "" || strings.Contains(setting, "-----BEGIN ") {
		return setting, nil
	}
	text, err := os.ReadFile(setting)
	if err != nil {
		return "", fmt.Errorf("JWT_KEYS is neither a PEM bundle nor a file that can be read: %w", err)
	}
	return string(text), nil
}
