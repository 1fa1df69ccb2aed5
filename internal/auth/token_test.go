package auth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

const secret = "a secret of thirty-two bytes at least"

func issueTokenFor(t *testing.T, v edu.Viewer, now time.Time, ttl time.Duration) string {
	t.Helper()
	token, err := newTokens(t, secret, "").IssueToken(v, now, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	for _, v := range []edu.Viewer{{ID: 1, Role: edu.RoleStudent}, {ID: 1 << 40, Role: edu.RoleInstructor}, {ID: 3, Role: edu.RoleAdmin, Session: 1 << 50}} {
		if got, err := newTokens(t, secret, "").VerifyToken(t.Context(), issueTokenFor(t, v, time.Now(), time.Minute)); err != nil || got != v {
			t.Errorf("%+v: verified as %+v, %v", v, got, err)
		}
	}
}

// validClaims returns the claims of an accepted token; each test case invalidates them.
func validClaims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"sub": "1", "role": "STUDENT", "iss": "7p", "aud": []string{"7p-api"}, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestInvalidTokens(t *testing.T) {
	t.Parallel()
	key := []byte(secret)
	if v, err := newTokens(t, secret, "").VerifyToken(t.Context(), sign(t, jwt.SigningMethodHS256, key, validClaims())); err != nil || v.ID != 1 {
		t.Fatalf("valid token: %v", err)
	}
	invalid := map[string]string{
		"none":           sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, validClaims()),
		"HS512":          sign(t, jwt.SigningMethodHS512, key, validClaims()),
		"another secret": sign(t, jwt.SigningMethodHS256, []byte(strings.ToUpper(secret)), validClaims()),
		"empty":          "", "no token": "abc", "two parts": "a.b", "four parts": sign(t, jwt.SigningMethodHS256, key, validClaims()) + ".x",
		"unsigned": sign(t, jwt.SigningMethodHS256, key, validClaims())[:strings.LastIndex(sign(t, jwt.SigningMethodHS256, key, validClaims()), ".")+1],
	}
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	for name, invalidate := range map[string]func(jwt.MapClaims){
		"expired":                  func(c jwt.MapClaims) { c["exp"] = past },
		"no expiry":                func(c jwt.MapClaims) { delete(c, "exp") },
		"not valid yet":            func(c jwt.MapClaims) { c["nbf"] = future },
		"issued in the future":     func(c jwt.MapClaims) { c["iat"] = future },
		"another issuer":           func(c jwt.MapClaims) { c["iss"] = "8p" },
		"no issuer":                func(c jwt.MapClaims) { delete(c, "iss") },
		"another audience":         func(c jwt.MapClaims) { c["aud"] = "7p-web" },
		"no audience":              func(c jwt.MapClaims) { delete(c, "aud") },
		"no subject":               func(c jwt.MapClaims) { delete(c, "sub") },
		"user zero":                func(c jwt.MapClaims) { c["sub"] = "0" },
		"negative user":            func(c jwt.MapClaims) { c["sub"] = "-1" },
		"user is text":             func(c jwt.MapClaims) { c["sub"] = "admin" },
		"no role":                  func(c jwt.MapClaims) { delete(c, "role") },
		"another role":             func(c jwt.MapClaims) { c["role"] = "OWNER" },
		"session zero":             func(c jwt.MapClaims) { c["sid"] = "0" },
		"session is not a number":  func(c jwt.MapClaims) { c["sid"] = "7x" },
		"user with a leading zero": func(c jwt.MapClaims) { c["sub"] = "01" },
		"role in lower case":       func(c jwt.MapClaims) { c["role"] = "admin" },
	} {
		claims := validClaims()
		invalidate(claims)
		invalid[name] = sign(t, jwt.SigningMethodHS256, key, claims)
	}
	claims := validClaims()
	claims["exp"] = past
	invalid["expired, unreadable signature"] = sign(t, jwt.SigningMethodHS256, key, claims) + "!"
	// The claims of one token with the signature of another.
	admin := validClaims()
	admin["role"] = "ADMIN"
	parts, others := strings.Split(sign(t, jwt.SigningMethodHS256, key, validClaims()), "."), strings.Split(sign(t, jwt.SigningMethodHS256, key, admin), ".")
	invalid["forged role"] = parts[0] + "." + others[1] + "." + parts[2]
	for name, token := range invalid {
		if v, err := newTokens(t, secret, "").VerifyToken(t.Context(), token); !errors.Is(err, edu.Unauthenticated) || (name == "expired") != errors.Is(err, auth.ErrTokenExpired) || v.SignedIn() {
			t.Errorf("%s: %+v, %v; want a rejection", name, v, err)
		}
	}
}

// TestClockSkew checks that a token from a server whose clock is 25 s ahead is valid, and one from a clock
// more than 30 s ahead is not. The end of a token's period is exact.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	key := []byte(secret)
	for name, c := range map[string]struct {
		change func(jwt.MapClaims, time.Time)
		want   error
	}{
		"nbf and iat 25 s ahead": {func(c jwt.MapClaims, now time.Time) { c["nbf"], c["iat"] = now.Unix()+25, now.Unix()+25 }, nil},
		"nbf 35 s ahead":         {func(c jwt.MapClaims, now time.Time) { c["nbf"] = now.Unix() + 35 }, auth.ErrInvalidToken},
		"iat 35 s ahead":         {func(c jwt.MapClaims, now time.Time) { c["iat"] = now.Unix() + 35 }, auth.ErrInvalidToken},
		"expired 1 s ago":        {func(c jwt.MapClaims, now time.Time) { c["exp"] = now.Unix() - 1 }, auth.ErrTokenExpired},
	} {
		claims := validClaims()
		c.change(claims, time.Now())
		token := sign(t, jwt.SigningMethodHS256, key, claims)
		if _, err := newTokens(t, secret, "").VerifyToken(t.Context(), token); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A token from a clock that is ahead is cached like any other: verifying it allocates, a lookup does not.
//
//nolint:paralleltest // AllocsPerRun counts the allocations of all goroutines
func TestClockSkewIsCached(t *testing.T) {
	tokens, token := newTokens(t, secret, ""), issueTokenFor(t, edu.Viewer{ID: 7, Role: edu.RoleStudent}, time.Now().Add(25*time.Second), time.Minute)
	verify := func() {
		if _, err := tokens.VerifyToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	verify()
	if n := testing.AllocsPerRun(100, verify); n > 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

// TestExpiredBeforeSignature checks that the signature of an expired token is not checked: such tokens are
// not limited.
func TestExpiredBeforeSignature(t *testing.T) {
	t.Parallel()
	claims := validClaims()
	claims["exp"] = time.Now().Add(-time.Minute).Unix()
	forged := sign(t, jwt.SigningMethodHS256, []byte(strings.ToUpper(secret)), claims)
	if _, err := newTokens(t, secret, "").VerifyToken(t.Context(), forged); !errors.Is(err, auth.ErrTokenExpired) {
		t.Errorf("got %v, want %v", err, auth.ErrTokenExpired)
	}
}

func TestShortSecret(t *testing.T) {
	t.Parallel()
	short := strings.Repeat("s", auth.MinSecretBytes-1)
	if _, err := auth.NewTokens(secret+","+short, ""); err == nil || strings.Contains(err.Error(), short) {
		t.Errorf("%v, want an error without the secret", err)
	}
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	good := issueTokenFor(t, edu.Viewer{ID: 7, Role: edu.RoleStudent}, time.Now(), time.Minute)
	expired := issueTokenFor(t, edu.Viewer{ID: 7, Role: edu.RoleStudent}, time.Now().Add(-time.Hour), time.Minute)
	h := auth.Middleware(newTokens(t, secret, ""), nil)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(edu.ViewerFrom(r.Context()).ID)
	}))
	for header, want := range map[string]string{
		"":                       "0",
		"Bearer " + good:         "7",
		"bearer " + good:         "7",
		"BEARER  " + good:        "7",
		"Bearer " + expired:      "",
		"Bearer":                 "",
		"Bearer ":                "",
		"Basic " + good:          "",
		good:                     "",
		"Bearer " + good + "x":   "",
		"Bearer " + good + ", x": "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if want != "" {
			if got := strings.TrimSpace(rec.Body.String()); rec.Code != http.StatusOK || got != want {
				t.Errorf("%.20q: %d %s, want viewer %s", header, rec.Code, got, want)
			}
			continue
		}
		var response struct {
			Errors []struct {
				Message    string
				Extensions struct{ Code string }
			}
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &response); err != nil {
			t.Errorf("%.20q: %v: %s", header, err, rec.Body)
			continue
		}
		if rec.Code != http.StatusUnauthorized || len(response.Errors) != 1 || response.Errors[0].Extensions.Code != "UNAUTHENTICATED" ||
			!strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Bearer") || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%.20q: %d %v %s", header, rec.Code, rec.Header(), rec.Body)
		}
	}
}

// TestCachedTokenExpires checks that a cached token expires on time, and that no similar text is
// accepted.
func TestCachedTokenExpires(t *testing.T) {
	t.Parallel()
	tokens, err := auth.NewTokens(strings.Repeat("x", auth.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	v := edu.Viewer{ID: 7, Role: edu.RoleStudent}
	token, err := tokens.IssueToken(v, time.Now(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := tokens.VerifyToken(t.Context(), token); err != nil || got != v {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := tokens.VerifyToken(t.Context(), token+"x"); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("longer token: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, err := tokens.VerifyToken(t.Context(), token)
		if errors.Is(err, auth.ErrTokenExpired) {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("token does not expire: %v", err)
		}
	}
}

// TestKnowsToken checks that a process knows the tokens that it issued or verified, and no others.
func TestKnowsToken(t *testing.T) {
	t.Parallel()
	tokens, other := newTokens(t, secret, ""), newTokens(t, secret, "")
	issued := issueToken(t, tokens)
	if !tokens.KnowsToken(issued) {
		t.Error("an issued token is not known")
	}
	if other.KnowsToken(issued) {
		t.Error("the token of another process is known before it is verified")
	}
	if _, err := other.VerifyToken(t.Context(), issued); err != nil || !other.KnowsToken(issued) {
		t.Errorf("a verified token is not known: %v", err)
	}
	forged := issueToken(t, newTokens(t, strings.Repeat("another secret ", 3), ""))
	if _, err := tokens.VerifyToken(t.Context(), forged); err == nil || tokens.KnowsToken(forged) {
		t.Errorf("a forged token is known: %v", err)
	}
}

// TestUncachedTokens checks that a token without nbf is valid but verified each time, and that an issued token is
// not valid before its period, although it is cached.
func TestUncachedTokens(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, secret, "")
	for _, name := range []string{"nbf", "iat"} {
		token := sign(t, jwt.SigningMethodHS256, []byte(secret), withClaim(validClaims(), name, nil))
		for range 2 {
			v, err := tokens.VerifyToken(t.Context(), token)
			if known := tokens.KnowsToken(token); err != nil || v.ID != 1 || known != (name != "nbf") {
				t.Errorf("token without %s: %+v, %v, known: %t", name, v, err, known)
			}
		}
	}
	early, err := tokens.IssueToken(student, time.Now().Add(time.Minute), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.VerifyToken(t.Context(), early); !errors.Is(err, auth.ErrInvalidToken) || tokens.KnowsToken(early) {
		t.Errorf("token that is valid in a minute: %v, known: %t", err, tokens.KnowsToken(early))
	}
}
