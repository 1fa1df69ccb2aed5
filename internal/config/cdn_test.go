package config_test

import (
	"strings"
	"testing"
)

// Each CDN has the settings that its purges need.
func TestCheckCDN(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"CDN_URL: needed by CDN=varnish":               {"CDN": "varnish"},
		"CDN_TOKEN: needed by CDN=fastly":              {"CDN": "fastly", "CDN_ID": "s"},
		"CDN_ID: needed by CDN=cloudfront":             {"CDN": "cloudfront"},
		"CDN_URL: one URL only":                        {"CDN": "cloudfront", "CDN_ID": "e", "CDN_URL": "http://a,http://b"},
		"CDN: needed by CDN_URL, CDN_ID and CDN_TOKEN": {"CDN_URL": "http://varnish"},
		"CDN: needs RESPONSE_CACHE=on":                 {"CDN": "cloudfront", "CDN_ID": "e", "RESPONSE_CACHE": "off"},
		"CDN: must be one of":                          {"CDN": "akamai"},
		"CDN_MAX_AGE: must be from 1s to 24h":          {"CDN": "varnish", "CDN_URL": "http://varnish", "CDN_MAX_AGE": "48h"},
	} {
		t.Run(want, func(t *testing.T) {
			setEnvironment(t, env)
			if got := mistakes(parseSettings(t)); len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%q", got)
			}
		})
	}
	setEnvironment(t, map[string]string{"CDN": "cloudflare", "CDN_ID": "z", "CDN_TOKEN": "token-of-the-tests"})
	if got := mistakes(parseSettings(t)); got != nil {
		t.Errorf("%q", got)
	}
}
