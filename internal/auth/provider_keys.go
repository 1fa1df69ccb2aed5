package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/MicahParks/jwkset"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	fetchTimeout  = 5 * time.Second // of one fetch of the provider's keys
	maxFetchBytes = 1 << 20         // of its response, which usually has about 5,000

	// refreshInterval is the maximum age of the keys while no token needs an unknown one.
	refreshInterval = 15 * time.Minute

	// unknownKIDInterval is the minimum interval between fetches for an unknown kid: any client can send
	// one.
	unknownKIDInterval = 30 * time.Second

	// minRSABits is the minimum size of an RSA key (RFC 7518 sections 3.3 and 3.5).
	minRSABits = 2048
)

// providerKeys stores the keys of the latest successful fetch.
type providerKeys struct {
	jwkset.Storage                // never fetches
	remote         jwkset.Storage // the same keys, but fetches unknown ones
	fetches        singleflight.Group
}

// fetchProviderKeys fetches the keys of a URL, and refreshes them until the context ends.
func fetchProviderKeys(ctx context.Context, url string, log *slog.Logger) (*providerKeys, error) {
	keys := &providerKeys{Storage: verificationStorage{jwkset.NewMemoryStorage()}}
	fetched, err := jwkset.NewStorageFromHTTP(url, jwkset.HTTPClientStorageOptions{
		Ctx: ctx, Storage: keys.Storage,
		Client: &http.Client{
			Timeout: fetchTimeout, Transport: limitedTransport{http.DefaultTransport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a redirect is not a 200, so the fetch fails
		},
		HTTPTimeout: fetchTimeout, NoErrorReturnFirstHTTPReq: true, RefreshInterval: refreshInterval,
		RefreshErrorHandler: func(ctx context.Context, err error) {
			log.WarnContext(ctx, "fetch of the identity provider's keys failed: the previous keys stay in use", "error", err)
		},
	})
	if err != nil {
		return nil, err
	}
	keys.remote, err = jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs:          map[string]jwkset.Storage{url: fetched},
		RefreshUnknownKID: rate.NewLimiter(rate.Every(unknownKIDInterval), 1),
		RateLimitWaitMax:  fetchTimeout, // of the wait for the limit and the fetch together
	})
	return keys, err
}

// KeyRead returns the key of a kid. For an unknown kid, the first call fetches the keys and all
// concurrent calls wait for it.
func (k *providerKeys) KeyRead(ctx context.Context, kid string) (jwkset.JWK, error) {
	if found, err := k.Storage.KeyRead(ctx, kid); err == nil {
		return found, nil
	}
	_, _, _ = k.fetches.Do("", func() (any, error) { return k.remote.KeyRead(ctx, kid) })
	return k.Storage.KeyRead(ctx, kid)
}

// isEmpty reports whether no keys were ever fetched.
func (k *providerKeys) isEmpty() bool {
	all, _ := k.KeyReadAll(context.Background()) // in memory: no error is possible
	return len(all) == 0
}

// verificationStorage stores only keys that verify tokens, so that a provider cannot add a secret. If
// a fetch returns no such key, the previous keys stay.
type verificationStorage struct{ jwkset.Storage }

// KeyReplaceAll stores the fetched keys that verify tokens.
func (k verificationStorage) KeyReplaceAll(ctx context.Context, fetched []jwkset.JWK) error {
	var accepted []jwkset.JWK
	for _, key := range fetched {
		if use := key.Marshal().USE; use == "" || use == jwkset.UseSig {
			if isVerificationKey(key.Key()) {
				accepted = append(accepted, key)
			}
		}
	}
	if len(accepted) == 0 {
		return errors.New("no public key that verifies signatures in the response")
	}
	return k.Storage.KeyReplaceAll(ctx, accepted)
}

func isVerificationKey(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	default:
		return false
	}
}

// limitedTransport fails reads of a response beyond maxFetchBytes.
type limitedTransport struct{ http.RoundTripper }

// RoundTrip sends the request and limits the size of the response.
func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxFetchBytes)
	}
	return resp, err
}
