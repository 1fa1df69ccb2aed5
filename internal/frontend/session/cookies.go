package session

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

// The names of the cookies without their prefix. Browsers accept a cookie with the prefix __Host- only from this host,
// over TLS and for all paths, so that no other subdomain can set one.
const (
	accessCookie  = "7p-access"
	refreshCookie = "7p-refresh"
	hostPrefix    = "__Host-"
)

// earlyExpiry is how much earlier than its token a cookie expires, so that the browser sends no expired token.
const earlyExpiry = 10 * time.Second

// cookieName returns the name that a cookie has on the connection of a request.
func cookieName(r *http.Request, name string) string {
	if middleware.ClientFrom(r).TLS {
		return hostPrefix + name
	}
	return name
}

// readCookie returns the value of a cookie, "" for none.
func readCookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for some time; 0 removes it.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	maxAge := int(age / time.Second)
	if maxAge <= 0 {
		maxAge = -1
	}
	//nolint:gosec // over TLS it is secure, and without TLS allowsCookies accepts this machine only
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: middleware.ClientFrom(r).TLS, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// clearCookies removes the cookies of a session.
func clearCookies(w http.ResponseWriter, r *http.Request) {
	setCookie(w, r, accessCookie, "", 0)
	setCookie(w, r, refreshCookie, "", 0)
}

// allowsCookies reports whether tokens may be in cookies: over TLS, or on this machine.
func allowsCookies(r *http.Request) bool { return middleware.ClientFrom(r).TLS || isLoopback(r.Host) }

// isLoopback reports whether the host of a request is this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
