package config

import (
	"fmt"
	"net/url"
	"strings"
)

// String lists the settings, a line for each variable, as the environment would have them,
// without their secrets.
func (c *Config) String() string {
	var out strings.Builder
	for field := range c.settings() {
		name := variable(field)
		fmt.Fprintf(&out, "%s=%s\n", name, redactSecret(field.Tag.Get("secret"), c.texts[name]))
	}
	return out.String()
}

// redactSecret hides a secret; of a URL, only its passwords.
func redactSecret(secret, value string) string {
	switch {
	case value == "" || secret == "":
		return value
	case secret == "url" && len(splitAddresses(value)) > 1:
		var shown []string
		for _, address := range splitAddresses(value) {
			shown = append(shown, redactSecret(secret, address))
		}
		return strings.Join(shown, " ")
	case secret == "url":
		if u, err := url.Parse(value); err == nil && u.Scheme != "" {
			q := u.Query()
			for name := range q {
				if strings.HasSuffix(strings.ToLower(name), "password") { // PostgreSQL reads them here too
					q.Set(name, "xxxxx")
				}
			}
			u.RawQuery = q.Encode()
			return u.Redacted()
		}
	}
	return "(set)"
}
