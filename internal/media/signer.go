// Package media signs the URLs of files on a media server, and serves the sample files of the demo.
package media

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// expiryStep is the distance between the times at which URLs expire. URLs that are signed within a step are equal, so
// that a repeated request changes no player, and so that caches share them.
const expiryStep = 5 * time.Minute

// Signer signs URLs of files with HMAC-SHA256. A URL has the form
//
//	base/directory/expires-signature/file
//
// where expires is in seconds since 1970, and the signature, in base64url, is that of "/directory/expires". It covers
// all files of the directory, so relative URLs within a playlist are signed too.
type Signer struct {
	base string
	key  []byte
	ttl  time.Duration
}

// NewSigner returns a signer of URLs that begin with base, which has no slash at its end. They are valid for ttl after the length of the video.
func NewSigner(base, key string, ttl time.Duration) *Signer {
	return &Signer{base: base, key: []byte(key), ttl: ttl}
}

// Expiry returns when the URLs of a video of some length expire that are signed now.
func (s *Signer) Expiry(now time.Time, length time.Duration) time.Time {
	return now.Add(length + s.ttl + expiryStep).Truncate(expiryStep).UTC()
}

// SignURL returns the URL of a file, which is in a directory. It is valid until expires.
func (s *Signer) SignURL(file string, expires time.Time) string {
	directory, name := path.Split(file)
	signed := "/" + directory + strconv.FormatInt(expires.Unix(), 10)
	return s.base + signed + "-" + s.sign(signed) + "/" + name
}

func (s *Signer) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// signedPath matches the path of a URL: what is signed, when it expires, the signature and the file.
var signedPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^((/.+)/(\d{1,12}))-([\w-]{43})/(.+)$`) })

// The errors of VerifyPath.
var (
	errUnsigned = errors.New("the URL is not signed: request it from the API as Video.playback")
	errTampered = errors.New("the signature of the URL is invalid")
	errExpired  = errors.New("the URL has expired: request a new one from the API as Video.playback")
)

// VerifyPath returns the file of a URL's path below base, and when the URL expires.
func (s *Signer) VerifyPath(text string, now time.Time) (file string, expires time.Time, err error) {
	m := signedPath().FindStringSubmatch(text)
	if m == nil {
		return "", expires, errUnsigned
	}
	if subtle.ConstantTimeCompare([]byte(s.sign(m[1])), []byte(m[4])) != 1 {
		return "", expires, errTampered
	}
	seconds, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return "", expires, errTampered
	}
	if expires = time.Unix(seconds, 0); !now.Before(expires) {
		return "", expires, errExpired
	}
	return strings.TrimPrefix(m[2], "/") + "/" + m[5], expires, nil
}
