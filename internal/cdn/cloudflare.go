package cdn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Cloudflare purges a zone of Cloudflare by cache tags.
type Cloudflare struct {
	BaseURL string // "" is Cloudflare's
	Zone    string // its id
	Token   string // an API token with the permission to purge the zone's cache
	Client  *http.Client
}

const cloudflareURL = "https://api.cloudflare.com/client/v4"

// Purge implements Purger.
func (c Cloudflare) Purge(ctx context.Context, keys []string) error {
	body, err := json.Marshal(map[string][]string{"tags": keys})
	if err != nil {
		return err
	}
	address := baseURL(c.BaseURL, cloudflareURL) + "/zones/" + url.PathEscape(c.Zone) + "/purge_cache"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
	return send(c.Client, req)
}

// Limits implements Purger: Cloudflare accepts 100 tags in a request, and from 5 requests a minute (free) to 50 a
// second (enterprise). A rejected request is sent again.
func (Cloudflare) Limits() Limits { return Limits{Keys: 100, Interval: time.Second} }

// baseURL returns the URL of an API without a slash at its end.
func baseURL(configured, standard string) string {
	return strings.TrimSuffix(cmp.Or(configured, standard), "/")
}
