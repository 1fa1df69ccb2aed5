package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

const (
	// fileSuffix follows the name of a secret in the variable that names a file with its value.
	fileSuffix = "_FILE"
	// maxSecretBytes is the size of the largest file of a secret.
	maxSecretBytes = 64 << 10
)

// resolveSecretFile is the resolver of Kong for secrets in files, as orchestrators mount them. It returns nil
// for settings without such a file, and collects the mistakes. A flag overrides a file.
func (c *Config) resolveSecretFile(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Tag.Get("secret") == "" || len(flag.Tag.Envs) == 0 {
		return nil, nil
	}
	name := flag.Tag.Envs[0]
	path := os.Getenv(name + fileSuffix)
	if path == "" {
		return nil, nil
	}
	value, err := readSecret(path)
	if os.Getenv(name) != "" {
		err = fmt.Errorf("not together with %s: remove one of them", name)
	}
	if err != nil {
		c.fileMistakes = append(c.fileMistakes, fmt.Errorf("%s: %w", name+fileSuffix, err))
		return nil, nil
	}
	return value, nil
}

// readSecret returns the content of a file without the newline at its end. Its errors have nothing of the content.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxSecretBytes+1))
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case err != nil:
		return "", err
	case len(content) > maxSecretBytes:
		return "", fmt.Errorf("larger than %d KiB: %s", maxSecretBytes>>10, path)
	case value == "":
		return "", errors.New("file is empty: " + path)
	}
	return value, nil
}
