package cdn

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Fastly purges a Fastly service by surrogate keys.
type Fastly struct {
	BaseURL string // "" is Fastly's
	Service string // its id
	Token   string // of an account that may purge
	Client  *http.Client
}

const fastlyURL = "https://api.fastly.com"

// Purge implements Purger.
func (f Fastly) Purge(ctx context.Context, keys []string) error {
	body, err := json.Marshal(map[string][]string{"surrogate_keys": keys})
	if err != nil {
		return err
	}
	address := baseURL(f.BaseURL, fastlyURL) + "/service/" + url.PathEscape(f.Service) + "/purge"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Fastly-Key", f.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	return send(f.Client, req)
}

// Limits implements Purger: Fastly accepts 256 keys in a request, and 100,000 purges an hour.
func (Fastly) Limits() Limits { return Limits{Keys: 256, Interval: 100 * time.Millisecond} }
