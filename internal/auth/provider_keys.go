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
	fetchTimeout  = 5 * time.Second // of one fetch of a provider's keys
	maxFetchBytes = 1 << 20         // of its answer, which is some 5,000 as a rule

	// refreshInterval is how old keys may become that nobody misses.
	refreshInterval = 15 * time.Minute

	// unknownKIDInterval is how often a kid that is not known may cause a fetch:
	// anyone can send one.
	unknownKIDInterval = 30 * time.Second

	// minRSABits is the least size of an RSA key (RFC 7518 sections 3.3 and 3.5).
	minRSABits = 2048
)

// providerKeys are the keys that were fetched last.
type providerKeys struct {
	jwkset.Storage                // never fetches
	remote         jwkset.Storage // the same, but fetches what it does not know
	fetches        singleflight.Group
}

// fetchProviderKeys fetches the keys of a URL, now and again until the context ends.
func fetchProviderKeys(ctx context.Context, url string, log *slog.Logger) (*providerKeys, error) {
	keys := &providerKeys{Storage: verificationStorage{jwkset.NewMemoryStorage()}}
	fetched, err := jwkset.NewStorageFromHTTP(url, jwkset.HTTPClientStorageOptions{
		Ctx: ctx, Storage: keys.Storage,
		Client: &http.Client{
			Timeout: fetchTimeout, Transport: limitedTransport{http.DefaultTransport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // and that is no 200
		},
		HTTPTimeout: fetchTimeout, NoErrorReturnFirstHTTPReq: true, RefreshInterval: refreshInterval,
		RefreshErrorHandler: func(ctx context.Context, err error) {
			log.WarnContext(ctx, "the identity provider's keys cannot be fetched: those that were fetched last stay in use", "error", err)
		},
	})
	if err != nil {
		return nil, err
	}
	keys.remote, err = jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs:          map[string]jwkset.Storage{url: fetched},
		RefreshUnknownKID: rate.NewLimiter(rate.Every(unknownKIDInterval), 1),
		RateLimitWaitMax:  fetchTimeout, // of waiting for the limit and of the fetch, together
	})
	return keys, err
}

// KeyRead returns the key of a kid. The first of those who ask for one that is not
// known has the keys fetched; all wait for that.
func (k *providerKeys) KeyRead(ctx context.Context, kid string) (jwkset.JWK, error) {
	if found, err := k.Storage.KeyRead(ctx, kid); err == nil {
		return found, nil
	}
	_, _, _ = k.fetches.Do("", func() (any, error) { return k.remote.KeyRead(ctx, kid) })
	return k.Storage.KeyRead(ctx, kid)
}

// isEmpty tells whether no keys were ever fetched.
func (k *providerKeys) isEmpty() bool {
	all, err := k.KeyReadAll(context.Background())
	return err == nil && len(all) == 0
}

// verificationStorage keeps only keys that verify tokens: no secret can be slipped in among
// them. Where there are none, those it has stay.
type verificationStorage struct{ jwkset.Storage }

// KeyReplaceAll takes what was fetched.
func (k verificationStorage) KeyReplaceAll(ctx context.Context, fetched []jwkset.JWK) error {
	var good []jwkset.JWK
	for _, one := range fetched {
		if use := one.Marshal().USE; use == "" || use == jwkset.UseSig {
			if isVerificationKey(one.Key()) {
				good = append(good, one)
			}
		}
	}
	if len(good) == 0 {
		return errors.New("the answer holds no public key that signatures can be verified with")
	}
	return k.Storage.KeyReplaceAll(ctx, good)
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

// limitedTransport fails where an answer is larger than maxFetchBytes.
type limitedTransport struct{ http.RoundTripper }

// RoundTrip sends the request.
func (b limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxFetchBytes)
	}
	return resp, err
}
